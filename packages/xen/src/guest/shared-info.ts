import type { SharedWords } from '@trapline/core';
import type { vcpuOperations } from '../abi/operations/vcpu.js';
import { LEGACY_MAX_VCPUS, sharedInfo } from '../abi/structures/shared-info.js';
import { vcpuInfo } from '../abi/structures/vcpu.js';
import { PAGE_BYTES } from '../memory/frames.js';
import type { VcpuInfoWords } from './events/upcall.js';
import type { GuestPage } from './operand-area.js';
import type { OperationClient, XenError } from './operations.js';

/** Room for a `vcpu_info`: a power of two, so that none crosses a page. */
const VCPU_INFO_STRIDE = 64;

/** The calls of vcpu_op. */
export type VcpuCalls = OperationClient<typeof vcpuOperations.all, 'valued'>;

/**
 * The page that the domain shares with Xen, and the `vcpu_info` of its vCPUs: the first vCPU's is in the page, the others'
 * are registered, once and for good.
 */
export class SharedInfo {
  /** Where the page is mapped. */
  readonly frame: number;
  readonly words: SharedWords;
  readonly #vcpus: VcpuInfoWords[] = [];

  private constructor(frame: number, words: SharedWords) {
    this.frame = frame;
    this.words = words;
    for (let vcpu = 0; vcpu < LEGACY_MAX_VCPUS; vcpu++) {
      this.#vcpus.push({ words, first: (sharedInfo.at.vcpuInfo + vcpu * vcpuInfo.size) >> 2 });
    }
  }

  /** Over the page where it is mapped, with a page for what it has no room for. */
  static over(
    { frame, words }: Pick<GuestPage, 'frame' | 'words'>,
    calls: VcpuCalls,
    vcpus: number,
    page: () => GuestPage,
  ): SharedInfo | XenError {
    const shared = new SharedInfo(frame, words);
    const perPage = PAGE_BYTES / VCPU_INFO_STRIDE;
    let current: GuestPage | undefined;
    for (let vcpu = LEGACY_MAX_VCPUS; vcpu < vcpus; vcpu++) {
      const slot = (vcpu - LEGACY_MAX_VCPUS) % perPage;
      if (slot === 0) current = page();
      const { frame: mfn, words: more } = current as GuestPage;
      const offset = slot * VCPU_INFO_STRIDE;
      const result = calls.registerVcpuInfo(vcpu, { mfn, offset });
      if (result !== 0) return result as XenError;
      shared.#vcpus.push({ words: more, first: offset >> 2 });
    }
    return shared;
  }

  /** The words of a vCPU's `vcpu_info`. */
  readonly vcpu = (vcpu: number): VcpuInfoWords => {
    const info = this.#vcpus[vcpu];
    if (info === undefined) throw new RangeError(`no vCPU ${vcpu}`);
    return info;
  };
}
