import { GNTST } from '../abi/grant-status.js';
import type { Domain } from '../domain/domain.js';
import { DOMID_SELF } from '../domain/xen.js';
import { NO_FRAME, PAGE_BYTES } from '../memory/frames.js';
import type { Page } from '../memory/page.js';
import { beginCopy, endCopy } from './copy-grant.js';

/**
 * One side of a copy: a page, held through a grant or as the caller's own. It is kept from one entry of a list to the
 * next, since lists mostly go on with the page they had (grant_table.c, struct gnttab_copy_buf).
 */
export class CopyOperand {
  readonly #readonly: boolean;
  domain: Domain | undefined = undefined;
  /** As the caller named the domain. */
  domid = 0;
  page: Page | undefined = undefined;
  /** What of the page may be copied. */
  start = 0;
  length = 0;
  #isGrant = false;
  #ref = 0;
  #frame: number = NO_FRAME;

  constructor(readonly: boolean) {
    this.#readonly = readonly;
  }

  /** Whether this domain is named already, and may be used in this way. */
  isNamed(domid: number, isGrant: boolean): boolean {
    return this.domain !== undefined && this.domid === domid && (isGrant || domid === DOMID_SELF);
  }

  /** Names the domain: its GNTST, permission_denied for a frame of anybody's but oneself's. */
  name(caller: Domain, domid: number, isGrant: boolean): number {
    if (domid !== DOMID_SELF && !isGrant) return GNTST.permission_denied;
    this.domain = caller.xen.named(caller, domid);
    if (this.domain === undefined) return GNTST.bad_domain;
    this.domid = domid;
    return GNTST.okay;
  }

  /** Whether the page in hand is what the entry asks for. */
  hasGrant(ref: number): boolean {
    return this.page !== undefined && this.#isGrant && this.#ref === ref;
  }

  /** Whether the page in hand is the frame that the entry asks for. */
  hasFrame(frame: number): boolean {
    return this.page !== undefined && !this.#isGrant && this.#frame === frame;
  }

  /** Holds the page of a grant of the named domain's: its GNTST, or a positive ERESTART. */
  holdGrant(caller: Domain, ref: number): number {
    const { grants } = this.domain as Domain;
    const begun = beginCopy(grants, ref, this.#readonly, caller.id, true);
    if (begun !== GNTST.okay) return begun;
    const active = grants.active(ref);
    this.page = active.page;
    this.start = active.start;
    this.length = active.length;
    this.#isGrant = true;
    this.#ref = ref;
    return GNTST.okay;
  }

  /** Holds a page of the caller's: its GNTST. */
  holdFrame(frame: number): number {
    const page = (this.domain as Domain).memory.takeReference(frame);
    if (page === undefined) return GNTST.bad_page;
    this.page = page;
    this.start = 0;
    this.length = PAGE_BYTES;
    this.#isGrant = false;
    this.#frame = frame;
    return GNTST.okay;
  }

  /** Whether so many bytes from an offset are within what may be copied. */
  covers(offset: number, length: number): boolean {
    return offset >= this.start && offset + length <= this.start + this.length;
  }

  /** Lets the page go; the domain stays named. */
  release(): void {
    const { page } = this;
    if (page === undefined) return;
    this.page = undefined;
    if (this.#isGrant) endCopy((this.domain as Domain).grants, this.#ref, this.#readonly);
    else page.drop();
  }
}
