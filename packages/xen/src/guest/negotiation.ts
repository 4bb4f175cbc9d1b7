import { BindError } from '@trapline/core';
import type { ValuesOf } from '../abi/structure.js';
import { FEATURES, type xenFeatureInfo } from '../abi/structures/version.js';
import { compareVersions, versionWords, type XenNode, type XenVersion } from '../binding.js';
import type { XenError } from './operations.js';

/** The first version whose interface ARM guests were promised, and the one that the 2012 binding names. */
export const OLDEST_VERSION: XenVersion = { major: 4, minor: 2 };

/** The newest version whose hypercalls are known here. */
export const NEWEST_VERSION: XenVersion = { major: 4, minor: 20 };

/** A feature that Xen says it has (XENFEAT_*). */
export type XenFeature = keyof typeof FEATURES;

/** Something that a person should know about a node and who answers behind it. */
export interface NegotiationNote {
  /** The version is newer than any that is known here; or it is not the one that the node names. */
  readonly code: 'version-newer' | 'version-differs';
  readonly message: string;
}

/** The version that counts: the one that answers, which the node's may only announce. */
export interface Negotiated {
  readonly version: XenVersion;
  readonly notes: readonly NegotiationNote[];
}

/**
 * Holds the node's version against the one that Xen answers.
 *
 * Throws {@link BindError} for a Xen before {@link OLDEST_VERSION}, whose interface is another one. A newer one than
 * {@link NEWEST_VERSION} keeps what is known here (`xen,xen` says so), and is told of.
 */
export function negotiate(node: XenNode, answered: XenVersion): Negotiated {
  const words = versionWords(answered);
  if (compareVersions(answered, OLDEST_VERSION) < 0) {
    throw new BindError(
      node.path,
      `Xen says version ${words}; ARM's interface begins with ${versionWords(OLDEST_VERSION)}`,
    );
  }
  const notes: NegotiationNote[] = [];
  if (compareVersions(answered, NEWEST_VERSION) > 0) {
    const message = `Xen ${words} is newer than ${versionWords(NEWEST_VERSION)}, the newest known here; bound by "xen,xen"`;
    notes.push({ code: 'version-newer', message });
  }
  if (node.version !== undefined && compareVersions(node.version, answered) !== 0) {
    const message = `the node says ${versionWords(node.version)}, and Xen ${words}, which counts`;
    notes.push({ code: 'version-differs', message });
  }
  return { version: answered, notes };
}

/** XENVER_version: major and minor in 16 bits each. */
export function versionFrom(word: number): XenVersion {
  return { major: word >>> 16, minor: word & 0xffff };
}

/** The features of submap 0 by their names. */
export function featuresFrom(info: ValuesOf<typeof xenFeatureInfo.fields> | XenError): ReadonlySet<XenFeature> {
  if (!('submap' in info)) return new Set();
  const names = Object.keys(FEATURES) as XenFeature[];
  return new Set(names.filter((name) => ((info.submap >>> FEATURES[name]) & 1) !== 0));
}
