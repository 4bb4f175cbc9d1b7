import type { Saved, SharedWords } from '@trapline/core';
import { ERRNO } from '../abi/errno.js';
import { LEGACY_MAX_VCPUS } from '../abi/structures/shared-info.js';
import { vcpuInfo } from '../abi/structures/vcpu.js';
import type { Domain } from '../domain/domain.js';
import { SavedState } from '../domain/saved-state.js';
import { NO_FRAME, PAGE_BYTES } from '../memory/frames.js';
import { PageWords } from '../memory/page-words.js';
import { HeldPage } from './held-page.js';

/** Words of a vcpu_info. */
const WORDS: number = vcpuInfo.size / 4;
const UPCALL = 0;
const UPCALL_PENDING = 1;
const SELECTOR: number = vcpuInfo.at.evtchnPendingSel / 4;

/** A vcpu_info that the guest has placed. */
interface Registered {
  readonly page: HeldPage;
  readonly offset: number;
}

/**
 * Where each vCPU's vcpu_info is: in shared_info for vCPU 0, in the page that the guest has registered, or, before that,
 * in one that nobody sees.
 */
export class VcpuInfos {
  readonly #domain: Domain;
  readonly #registered: (Registered | undefined)[];
  readonly #unseen: PageWords = new PageWords(new Uint8Array(vcpuInfo.size));

  constructor(domain: Domain) {
    this.#domain = domain;
    this.#registered = domain.vcpus.map(() => undefined);
  }

  /** Sets a selector bit; where it was not set, the upcall follows. */
  select(vcpu: number, selector: number): void {
    const registered = this.#registered[vcpu];
    const words = registered === undefined ? this.#unplaced(vcpu) : registered.page.words;
    const base = registered === undefined ? 0 : registered.offset >>> 2;
    const bit = 1 << (selector & 31);
    if ((words.or(base + SELECTOR + (selector >>> 5), bit) & bit) === 0) this.#upcall(vcpu, words, base);
  }

  /** Sets `evtchn_upcall_pending`; where it was not set, the vCPU is interrupted. */
  markPending(vcpu: number): void {
    this.#upcall(vcpu, this.#words(vcpu), this.#base(vcpu));
  }

  /** Whether the guest has an upcall that it has not taken note of (any bit of the byte). */
  isPending(vcpu: number): boolean {
    return (this.#words(vcpu).load(this.#base(vcpu) + UPCALL) & 0xff) !== 0;
  }

  /**
   * VCPUOP_register_vcpu_info: moves a vCPU's vcpu_info into a page of the guest's, everything marked as pending so that
   * nothing is lost. Gives 0; -ENXIO for an offset that is not aligned to 8 bytes or beyond the page; -EINVAL for a frame
   * that is no RAM of the domain. What a second time is, and another vCPU that runs, the profile says (`EventProfile`).
   */
  register(caller: number, vcpu: number, frame: number, offset: number): number {
    const refused = this.#domain.xen.profile.events.registersVcpuInfoOfOthers
      ? this.#refusesAnyone(vcpu, frame, offset)
      : this.#refuses(caller, vcpu, offset);
    if (refused !== 0) return -refused;
    const page = HeldPage.take(this.#domain, frame);
    if (page === undefined) return -ERRNO.EINVAL;
    const { words } = page;
    const first = offset / 4;
    const from = vcpu < LEGACY_MAX_VCPUS ? this.#words(vcpu) : undefined;
    for (let i = 0; i < WORDS; i++) words.store(first + i, from === undefined ? 0 : from.load(i));
    this.#registered[vcpu] = { page, offset };
    words.store(first + SELECTOR, -1);
    words.store(first + SELECTOR + 1, -1);
    this.markPending(vcpu);
    return 0;
  }

  /** Lets all registered pages go. */
  reset(): void {
    for (const info of this.#registered) info?.page.release();
    this.#registered.fill(undefined);
    for (let i = 0; i < WORDS; i++) this.#unseen.store(i, 0);
  }

  save(): Saved {
    return {
      registered: this.#registered.map((info) => (info ? { offset: info.offset, page: info.page.save() } : null)),
      unseen: Array.from({ length: WORDS }, (_, i) => this.#unseen.load(i)),
    };
  }

  /**
   * Takes pages again, after the memory has been restored, which knows of no other uses then. Throws RestoreError for
   * what {@link save} did not give.
   */
  restore(saved: Saved): void {
    const state = new SavedState(saved, 'vcpu_info');
    const unseen = state.integers('unseen', -0x8000_0000, 0x7fff_ffff, WORDS);
    const registered = state.partsOrNothing('registered', this.#registered.length);
    this.#registered.fill(undefined);
    registered.forEach((info, vcpu) => {
      if (info === undefined) return;
      const offset = info.integer('offset', 0, PAGE_BYTES);
      if (!fits(offset)) throw info.error(`offset ${offset}`);
      this.#registered[vcpu] = { page: HeldPage.retake(this.#domain, info.part('page')), offset };
    });
    for (let i = 0; i < WORDS; i++) this.#unseen.store(i, unseen[i] as number);
  }

  /** As map_vcpu_info has it, until 4.17. */
  #refuses(caller: number, vcpu: number, offset: number): number {
    if (!fits(offset)) return ERRNO.ENXIO;
    if (this.#registered[vcpu] !== undefined) return ERRNO.EINVAL;
    return vcpu === caller || this.#domain.scheduling.isDown(vcpu) ? 0 : ERRNO.EINVAL;
  }

  /** As map_guest_area has it: an offset behind the page names another frame, which the operation does not take. */
  #refusesAnyone(vcpu: number, frame: number, offset: number): number {
    if (frame === NO_FRAME || offset >= PAGE_BYTES) return ERRNO.EINVAL;
    if (this.#registered[vcpu] !== undefined) return ERRNO.EBUSY;
    return fits(offset) ? 0 : ERRNO.ENXIO;
  }

  #upcall(vcpu: number, words: SharedWords, base: number): void {
    const old = words.or(base + UPCALL, UPCALL_PENDING);
    if ((old & UPCALL_PENDING) === 0) this.#domain.scheduling.interrupt(vcpu, this.#domain.events.interrupt);
  }

  #words(vcpu: number): SharedWords {
    return this.#registered[vcpu]?.page.words ?? this.#unplaced(vcpu);
  }

  /** The words of one that the guest has not placed. */
  #unplaced(vcpu: number): SharedWords {
    return vcpu < LEGACY_MAX_VCPUS ? this.#domain.memory.sharedInfo.words : this.#unseen;
  }

  /** The vcpu_info of the only vCPU that has it in shared_info is the first there. */
  #base(vcpu: number): number {
    const registered = this.#registered[vcpu];
    return registered === undefined ? 0 : registered.offset >>> 2;
  }
}

/** Whether a vcpu_info fits into a page there: aligned, and not beyond the end. */
function fits(offset: number): boolean {
  return offset <= PAGE_BYTES - vcpuInfo.size && (offset & (vcpuInfo.align - 1)) === 0;
}
