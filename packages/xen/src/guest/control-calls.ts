import { xenAbi } from '../abi/hypercalls.js';
import type { InputOf, Structure, StructureFields, ValuesOf } from '../abi/structure.js';
import { DOMCTL, xenDomctl, xenDomctlGetdomaininfo } from '../abi/structures/domctl.js';
import {
  XENPF_INTERFACE_VERSION,
  XENPF_SETTIME64,
  xenPlatformOp,
  type xenpfSettime64,
} from '../abi/structures/platform.js';
import {
  SYSCTL,
  xenSysctl,
  xenSysctlAvailheap,
  xenSysctlGetdomaininfolist,
  xenSysctlPhysinfo,
} from '../abi/structures/sysctl.js';
import type { Gate } from './gate.js';
import { MAX_OPERAND } from './operand-area.js';
import { errorOf, resultOf, type XenError } from './operations.js';

/** What a domain is, as its control domain sees it. */
export type DomainInfo = ValuesOf<(typeof xenDomctlGetdomaininfo)['fields']>;

/** The interface versions of the unstable hypercalls: they belong to one version of Xen each. */
export interface ControlVersions {
  readonly sysctl: number;
  readonly domctl: number;
}

/** platform_op, sysctl and domctl: what a control domain does. Others get EPERM. */
export class ControlCalls {
  readonly #gate: Gate;
  readonly #versions: ControlVersions;

  constructor(gate: Gate, versions: ControlVersions) {
    this.#gate = gate;
    this.#versions = versions;
  }

  /** XENPF_settime64: sets the wall clock. */
  setTime(settime64: InputOf<(typeof xenpfSettime64)['fields']>): number | XenError {
    const cmd = XENPF_SETTIME64;
    const operand = xenPlatformOp.encode({ cmd, interfaceVersion: XENPF_INTERFACE_VERSION, u: { settime64 } });
    return resultOf(this.#call(xenAbi.calls.platformOp.id, operand));
  }

  /** XEN_SYSCTL_physinfo. */
  physinfo(): ValuesOf<(typeof xenSysctlPhysinfo)['fields']> | XenError {
    return this.sysctl(SYSCTL.physinfo, xenSysctlPhysinfo);
  }

  /** XEN_SYSCTL_availheap. */
  availheap(): ValuesOf<(typeof xenSysctlAvailheap)['fields']> | XenError {
    return this.sysctl(SYSCTL.availheap, xenSysctlAvailheap);
  }

  /** XEN_SYSCTL_getdomaininfolist: the domains from a number on, as many as one call can tell. */
  domains(firstDomain = 0): readonly DomainInfo[] | XenError {
    const { size } = xenDomctlGetdomaininfo;
    const maxDomains = Math.floor(MAX_OPERAND / size);
    const buffer = BigInt(this.#gate.operands.list);
    const answer = this.sysctl(SYSCTL.getdomaininfolist, xenSysctlGetdomaininfolist, {
      firstDomain,
      maxDomains,
      buffer,
    });
    if (!('numDomains' in answer)) return answer;
    const bytes = new Uint8Array(answer.numDomains * size);
    this.#gate.operands.takeList(bytes);
    return Array.from({ length: answer.numDomains }, (_, i) => xenDomctlGetdomaininfo.decode(bytes.subarray(i * size)));
  }

  /** XEN_DOMCTL_getdomaininfo. */
  domainInfo(domain: number): DomainInfo | XenError {
    return this.domctl(DOMCTL.getdomaininfo, domain, xenDomctlGetdomaininfo);
  }

  pause(domain: number): XenError | true {
    return done(this.domctl(DOMCTL.pausedomain, domain));
  }

  unpause(domain: number): XenError | true {
    return done(this.domctl(DOMCTL.unpausedomain, domain));
  }

  destroy(domain: number): XenError | true {
    return done(this.domctl(DOMCTL.destroydomain, domain));
  }

  /** Any sysctl, by its command and what it takes. */
  sysctl<F extends StructureFields>(
    cmd: number,
    structure: Structure<F>,
    input: InputOf<F> = {},
  ): ValuesOf<F> | XenError {
    const operand = xenSysctl.encode({ cmd, interfaceVersion: this.#versions.sysctl });
    return this.#within(xenAbi.calls.sysctl.id, operand, xenSysctl.at.u, structure, input);
  }

  /** Any domctl, by its command and what it takes. */
  domctl<F extends StructureFields = Readonly<Record<never, never>>>(
    cmd: number,
    domain: number,
    structure?: Structure<F>,
    input: InputOf<F> = {},
  ): ValuesOf<F> | XenError {
    const operand = xenDomctl.encode({ cmd, interfaceVersion: this.#versions.domctl, domain });
    return this.#within(xenAbi.calls.domctl.id, operand, xenDomctl.at.u, structure, input);
  }

  #within<F extends StructureFields>(
    number: number,
    operand: Uint8Array,
    at: number,
    structure: Structure<F> | undefined,
    input: InputOf<F>,
  ): ValuesOf<F> | XenError {
    const inner = operand.subarray(at);
    structure?.encode(input, inner);
    const result = this.#call(number, operand);
    if (result < 0) return errorOf(result);
    this.#gate.operands.take(operand);
    return structure === undefined ? ({} as ValuesOf<F>) : structure.decode(inner);
  }

  #call(number: number, operand: Uint8Array): number {
    this.#gate.operands.put(operand);
    return this.#gate.single(number);
  }
}

function done(answer: object | XenError): XenError | true {
  return 'namespace' in answer ? answer : true;
}
