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
    capabilities: textOf(xenCapabilitiesInfo, { text: host.capabilities }),
    changeset: textOf(xenChangesetInfo, { text: host.changeset }),
    commandLine: textOf(xenCommandline, { text: host.commandLine }),
    denied: new TextEncoder().encode(`${DENIED}\0`),
  };
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
