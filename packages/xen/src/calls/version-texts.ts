import type { Structure } from '../abi/structure.js';
import {
  xenCapabilitiesInfo,
  xenChangesetInfo,
  xenCommandline,
  xenCompileInfo,
  xenExtraversion,
} from '../abi/structures/version.js';
import type { HostDescription } from '../host/host-description.js';

/** What a guest reads where it may not know (common/version.c, xen_deny). */
const DENIED = '<denied>';

/** The structures of `xen_version` that never change, as bytes. */
export interface VersionTexts {
  readonly extraVersion: Uint8Array;
  readonly compileInfo: Uint8Array;
  readonly capabilities: Uint8Array;
  readonly changeset: Uint8Array;
  readonly commandLine: Uint8Array;
  /** In place of the command line, for all but the control domain. */
  readonly denied: Uint8Array;
}

/** Builds them once for a hypervisor. */
export function versionTexts(host: HostDescription): VersionTexts {
  return {
    extraVersion: textOf(xenExtraversion, { text: host.extraVersion }),
    compileInfo: textOf(xenCompileInfo, {
      compiler: host.compiler,
      compileBy: host.compiledBy,
      compileDomain: host.compileDomain,
      compileDate: host.compileDate,
    }),
    capabilities: textOf(xenCapabilitiesInfo, { text: host.capabilities ?? guestTypes(host) }),
    changeset: textOf(xenChangesetInfo, { text: host.changeset }),
    commandLine: textOf(xenCommandline, { text: host.commandLine }),
    denied: new TextEncoder().encode(`${DENIED}\0`),
  };
}

/** ID_AA64PFR0_EL1.EL1: 2 where EL1 can be AArch32. */
function guestTypes({ pfr0 }: HostDescription): string {
  return `xen-3.0-aarch64 ${((pfr0 >> 4n) & 0xfn) === 2n ? 'xen-3.0-armv7l ' : ''}`;
}

/** Every field a string that ends in at least one zero: longer ones are cut. */
function textOf(structure: Structure, texts: Readonly<Record<string, string>>): Uint8Array {
  const bytes = new Uint8Array(structure.size);
  for (const [field, text] of Object.entries(texts)) {
    const room = (structure.fields[field]?.size ?? 1) - 1;
    bytes.set(new TextEncoder().encode(text).subarray(0, room), structure.at[field]);
  }
  return bytes;
}
