import type { Page } from './page.js';
import type { PageType } from './page-types.js';

/** What a frame holds. */
export interface MapEntry {
  readonly type: PageType;
  readonly page: Page | undefined;
}

/** The same, as the map keeps it. */
export interface KeptEntry extends MapEntry {
  type: PageType;
  page: Page | undefined;
  /** Whether the frame is a hole as the domain was built: as a hole again it needs no entry. */
  isOutside: boolean;
}

/** The entry of all frames of RAM, or of devices, that have become holes. */
export const HOLE: KeptEntry = Object.freeze({ type: 'hole' as const, page: undefined, isOutside: false });
