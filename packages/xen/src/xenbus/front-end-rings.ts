import type { BoundChannel, FrontEndLink, MappedGrant } from './front-end-link.js';
import { nodeNumber } from './state.js';

/** A reason not to connect. */
export interface Refused {
  readonly refused: string;
}

/** Maps the pages of a front end's ring by the nodes that name their grants: all of them, or none. */
export function mapRing(
  link: FrontEndLink,
  nodes: (node: string) => string | undefined,
  names: readonly string[],
): readonly MappedGrant[] | Refused {
  const pages: MappedGrant[] = [];
  for (const name of names) {
    const reference = nodeNumber(nodes(name));
    const page = reference === undefined ? undefined : link.map(reference, true);
    if (page === undefined) {
      for (const mapped of pages) mapped.unmap();
      return { refused: reference === undefined ? `reading ${name}` : `mapping ${name} ${reference}` };
    }
    pages.push(page);
  }
  return pages;
}

/** Binds to the event channel that a front end names. */
export function bindChannel(
  link: FrontEndLink,
  nodes: (node: string) => string | undefined,
  name: string,
  hear: () => void,
): BoundChannel | Refused {
  const port = nodeNumber(nodes(name));
  if (port === undefined) return { refused: `reading ${name}` };
  return link.bind(port, hear) ?? { refused: `binding port ${port}` };
}
