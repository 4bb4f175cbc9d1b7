import { NO_FRAME } from '../memory/frames.js';
import type { Page } from '../memory/page.js';
import type { GrantTable } from './grant-table.js';
import { MAX_PINS } from './limits.js';

/**
 * What Xen knows of one entry while somebody uses it: the entry itself is the guest's, who may write anything there, so
 * that mappings after the first go by this.
 */
export class ActiveGrant {
  /** Mappings and copies in progress that only read. */
  readers = 0;
  /** Mappings and copies in progress that may write. */
  writers = 0;
  /** The domain that uses it. */
  user = 0;
  /** Whether it is for copies of a part of the page only. */
  isPart = false;
  start = 0;
  length = 0;
  /** The granter's frame when it was looked up. */
  frame: number = NO_FRAME;
  /** The page, of which the entry holds one reference while it is in use. */
  page: Page | undefined = undefined;
  /** The table and reference that give the page: others than the entry's own for a transitive grant. */
  origin: GrantTable | undefined = undefined;
  originRef = 0;

  get isPinned(): boolean {
    return (this.readers | this.writers) !== 0;
  }

  /** Whether one more user of this kind is too many. */
  isFull(readonly: boolean): boolean {
    return (readonly ? this.readers : this.writers) >= MAX_PINS;
  }

  /** Nobody's any more, whatever it was: the granter begins anew. */
  forget(): void {
    this.readers = 0;
    this.writers = 0;
    this.page = undefined;
    this.origin = undefined;
  }

  pin(readonly: boolean): void {
    if (readonly) this.readers++;
    else this.writers++;
  }

  unpin(readonly: boolean): void {
    if (readonly) this.readers = Math.max(0, this.readers - 1);
    else this.writers = Math.max(0, this.writers - 1);
  }
}
