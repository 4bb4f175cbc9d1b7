import type { MemoryPort, Saved, SharedWords } from '@trapline/core';
import { ERRNO } from '../abi/errno.js';
import type { Hypercall } from '../calls/hypercall.js';
import type { Domain } from '../domain/domain.js';
import type { XenVcpu } from '../domain/vcpu.js';
import { frameOfId } from './frames.js';
import { GuestCopy } from './guest-copy.js';
import { MemoryRestorer } from './memory-restorer.js';
import type { Page } from './page.js';
import { PageSource } from './page-source.js';
import { isForeign, type PageType } from './page-types.js';
import { PhysicalMap } from './physical-map.js';
import { ramOf, rangesOf } from './ram.js';
import { Reservation } from './reservation.js';
import { SharedPage } from './shared-page.js';

/** The id of the shared_info page. */
const SHARED_INFO = 'shared-info';

/**
 * The memory of one domain: what its frames hold, how much of it is allocated, and the guest's pointers. A domain without
 * a guest has none but its shared_info.
 *
 * Where the guest's port can map pages ({@link canMapPages}), frames come, go and are shared as under Xen. Where it
 * cannot, pages of Xen's move into RAM that the guest names, nothing is shared between domains, and a frame that was
 * given back stays readable for the guest, though Xen takes no operand from it.
 */
export class DomainMemory {
  readonly domain: Domain;
  readonly map: PhysicalMap;
  readonly reservation: Reservation;
  readonly pages: PageSource;
  /** Whether pages can be put at frames of the guest's: without it, grants between domains are refused. */
  readonly canMapPages: boolean;
  readonly #port: MemoryPort | undefined;
  readonly #copy: GuestCopy | undefined;
  readonly #restorer: MemoryRestorer;
  #sharedInfo: SharedPage;
  #dying = false;
  #restoring = false;

  constructor(domain: Domain) {
    this.domain = domain;
    this.#port = domain.guest?.ports.memory;
    this.canMapPages = this.#port?.mapping !== undefined;
    const { memory, devices } = domain.config;
    const ram = this.#port ? ramOf(memory ?? this.#port.regions ?? []) : [];
    const { physicalAddressBits } = domain.xen.host;
    this.map = new PhysicalMap(
      this,
      this.#port,
      ram,
      rangesOf(devices),
      physicalAddressBits,
      domain.config.directMapped,
    );
    this.reservation = new Reservation(this.map.ram.count);
    this.#copy = this.#port && new GuestCopy(this.#port, this.map, this);
    this.pages = new PageSource(this, this.#port);
    this.#restorer = new MemoryRestorer(this, this.#port?.mapping);
    this.#sharedInfo = new SharedPage(this, SHARED_INFO);
  }

  /** The page through which Xen and the domain share events and time, mapped or not. A reset makes a new one. */
  get sharedInfo(): SharedPage {
    return this.#sharedInfo;
  }

  /** Whether frames are being brought back, to a saved state or to the beginning: nothing is made that was not there. */
  get isRestoring(): boolean {
    return this.#restoring;
  }

  /** Whether it ends: nothing can be mapped any more. */
  get isDying(): boolean {
    return this.#restoring === false && (this.#dying === true || this.domain.isDying);
  }

  /** Whether a domain that has ended is gone altogether: nobody uses a page of it. */
  get isGone(): boolean {
    return this.reservation.isRelinquished && this.reservation.isIdle;
  }

  /**
   * Copies a structure of the caller's, at the guest-virtual address in two halves, to the start of the call's operand.
   * False (-EFAULT) where an address does not translate, or is not plain RAM of the domain: Xen takes no operand from
   * pages that were granted, mapped from others, or given back.
   */
  copyIn(call: Hypercall, low: number, high: number, length: number): boolean {
    return this.#copy?.copyOperand(call.vcpu.pe, low, high, 0, call.operand, 0, length, false) ?? false;
  }

  /** Copies the start of the call's operand to the caller's memory: as {@link copyIn}, and not to what is read-only. */
  copyOut(call: Hypercall, low: number, high: number, length: number): boolean {
    return this.#copy?.copyOperand(call.vcpu.pe, low, high, 0, call.operand, 0, length, true) ?? false;
  }

  /** Copies `size` bytes, an element of a list at an address, to a place of the operand. */
  copyItemIn(call: Hypercall, low: number, high: number, index: number, size: number, at: number): boolean {
    const { pe } = call.vcpu;
    return this.#copy?.copyOperand(pe, low, high, index * size, call.operand, at, size, false) ?? false;
  }

  /** Copies `size` bytes at a place of the operand to an element of a list. */
  copyItemOut(call: Hypercall, low: number, high: number, index: number, size: number, at: number): boolean {
    const { pe } = call.vcpu;
    return this.#copy?.copyOperand(pe, low, high, index * size, call.operand, at, size, true) ?? false;
  }

  /** Copies `length` bytes at `offset` of the operand from `offset` bytes behind the address: a field, a list's element. */
  copyInPart(call: Hypercall, low: number, high: number, offset: number, length: number): boolean {
    return this.#copy?.copyOperand(call.vcpu.pe, low, high, offset, call.operand, offset, length, false) ?? false;
  }

  /** Copies `length` bytes at `offset` of the operand to `offset` bytes behind the address. */
  copyOutPart(call: Hypercall, low: number, high: number, offset: number, length: number): boolean {
    return this.#copy?.copyOperand(call.vcpu.pe, low, high, offset, call.operand, offset, length, true) ?? false;
  }

  /** Reads at a guest-virtual address of a vCPU ({@link virtualAddressOf}'s Numbers), any length; false as for {@link copyIn}. */
  read(vcpu: XenVcpu, address: number, target: Uint8Array): boolean {
    return this.#copy?.copyBytes(vcpu.pe, address, target, 0, target.length, false) ?? false;
  }

  /** Writes at a guest-virtual address of a vCPU; false as for {@link copyOut}. What lies before a bad page is written. */
  write(vcpu: XenVcpu, address: number, source: Uint8Array): boolean {
    return this.#copy?.copyBytes(vcpu.pe, address, source, 0, source.length, true) ?? false;
  }

  /** What a frame holds. */
  typeOf(frame: number): PageType {
    return this.map.typeOf(frame);
  }

  /**
   * The page at a frame that the domain itself owns, by RAM or a grant to itself; undefined for everything else, and for a
   * page that is free already. What Xen can grant, copy and share words in.
   */
  page(frame: number): Page | undefined {
    const page = this.anyPage(frame);
    return page?.owner === this ? page : undefined;
  }

  /**
   * As Xen finds a page by its frame (get_page_from_gfn): the domain's own, and another's that is mapped as foreign;
   * not another's that is mapped by a grant.
   */
  anyPage(frame: number): Page | undefined {
    const entry = this.map.entryAt(frame);
    const page = entry?.page;
    if (entry === undefined || page === undefined || page.isFree) return undefined;
    return page.owner === this || isForeign(entry.type) ? page : undefined;
  }

  /** The whole page of a frame as words shared with the guest; undefined where {@link anyPage} is. */
  words(frame: number): SharedWords | undefined {
    return this.anyPage(frame)?.words;
  }

  /** The page of {@link page}, with a reference taken: it outlives its frame until {@link dropReference}. */
  takeReference(frame: number): Page | undefined {
    const page = this.page(frame);
    page?.retake();
    return page;
  }

  /** Gives a reference back, whoever owns the page. */
  dropReference(page: Page): void {
    page.drop();
  }

  /** Maps a page that was granted (create_grant_host_mapping); false where no such frame can be. It takes no reference. */
  mapGrant(frame: number, page: Page, writable: boolean): boolean {
    return this.map.set(frame, writable ? 'grant' : 'grant-ro', page) === 0;
  }

  /**
   * Ends a mapping of a page (replace_grant_host_mapping). What counts is what is at the frame now: this page, however it
   * came there, or nothing becomes a hole; with another page it is false and nothing changes.
   */
  unmapGrant(frame: number, page: Page): boolean {
    return this.map.remove(frame, page) === 0;
  }

  /** Maps another domain's page, taking a reference for as long as it is mapped: 0, or what {@link PhysicalMap.set} gives. */
  mapForeign(frame: number, page: Page, writable: boolean): number {
    if (!page.take()) return -ERRNO.EINVAL;
    const result = this.map.set(frame, writable ? 'foreign' : 'foreign-ro', page);
    if (result !== 0) page.drop();
    return result;
  }

  /** Makes a page known by its id. */
  keep(page: Page): Page {
    this.reservation.add(page);
    return page;
  }

  /** Makes a page of Xen's known by its id, with what it held where it has been saved. */
  register(page: SharedPage): void {
    this.reservation.share(page);
    this.#restorer.fill(page);
  }

  /** The page with an id; undefined where there is none. For rooms that take their references again after a restore. */
  pageOf(id: string): Page | undefined {
    const known = this.reservation.find(id);
    if (known !== undefined) return known;
    const frame = frameOfId(id);
    const page = this.map.isUntouched(frame) ? this.map.pageAt(frame) : undefined;
    return page?.id === id ? page : undefined;
  }

  /**
   * The domain ends: nothing can be mapped any more, what it mapped of others is let go, and its pages live as long as
   * others use them. To be called when its grants and events have been let go.
   */
  destroy(): void {
    this.#dying = true;
    this.map.relinquish();
    this.reservation.relinquish();
  }

  /**
   * Back to what the domain was built with. RAM keeps what it holds, and where it had lost its frame it is zeros; pages
   * that others still use are theirs, and the domain gets copies.
   */
  reset(): void {
    this.#dying = false;
    this.#restoring = true;
    this.pages.reset();
    this.#restorer.reset();
    this.#restoring = false;
    this.#sharedInfo = new SharedPage(this, SHARED_INFO);
  }

  save(): Saved {
    return this.#restorer.save();
  }

  /**
   * Takes back what {@link save} gave, when the guest's port has its RAM back and all frames as composed. Pages of other
   * domains come to their frames as soon as both domains have been restored. Throws `RestoreError` for anything else.
   */
  restore(saved: Saved): void {
    this.#restoring = true;
    try {
      this.#dying = this.#restorer.restore(saved);
      this.#restorer.link();
    } finally {
      this.#restoring = false;
    }
  }

  /** Puts pages of other domains at their frames again, as far as those domains have them. */
  link(): void {
    this.#restorer.linkOthers();
  }
}
