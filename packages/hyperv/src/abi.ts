import { type Convention, defineInterface, SMCCC, u64 } from '@trapline/core';
import { controlType, resultType } from './control.js';

/** The immediates of HVC that Hyper-V takes (openvmm, minimal_rt): 0 is the SMC Calling Convention's. */
export const Immediate = { SMCCC: 0, NATIVE: 1, VTL_CALL: 2, VTL_RETURN: 3, LAUNCH_VP: 4 } as const;

/** The function id of a hypercall by SMCCC: a yielding SMC64 call of the vendor's hypervisor, number 1 (Linux, mshyperv.h). */
export const HYPERCALL_ID = 0x4600_0001;

/** Who answers CALL_UID of the vendor hypervisor's owner (Linux, arch/arm64/hyperv/mshyperv.c). */
export const HYPERV_UID = '58ba324d-6447-24cd-756c-ef8e24705916';

/** Registers for parameters and results of a fast call. */
export const FAST_REGISTERS = 16;

const input = {
  p0: u64,
  p1: u64,
  p2: u64,
  p3: u64,
  p4: u64,
  p5: u64,
  p6: u64,
  p7: u64,
  p8: u64,
  p9: u64,
  p10: u64,
  p11: u64,
  p12: u64,
  p13: u64,
  p14: u64,
  p15: u64,
};

const output = {
  x1: u64,
  x2: u64,
  x3: u64,
  x4: u64,
  x5: u64,
  x6: u64,
  x7: u64,
  x8: u64,
  x9: u64,
  x10: u64,
  x11: u64,
  x12: u64,
  x13: u64,
  x14: u64,
  x15: u64,
  x16: u64,
};

const hypercall = {
  since: '1',
  clause: 'Hypercall Interface',
  arguments: { control: controlType, ...input },
  errors: [
    'INVALID_HYPERCALL_CODE',
    'INVALID_HYPERCALL_INPUT',
    'INVALID_ALIGNMENT',
    'INVALID_PARAMETER',
    'ACCESS_DENIED',
    'INVALID_CONNECTION_ID',
  ],
};

/** Hyper-V's hypercalls by the SMC Calling Convention, HVC #0: control word in X1, parameters from X2, result in X0. */
export const abi = defineInterface({
  name: 'hyperv',
  title: "Hyper-V's hypercalls by the SMC Calling Convention",
  source: 'Linux, arch/arm64/hyperv/hv_core.c; openvmm, hv1_hypercall',
  convention: { conduits: ['hvc'] },
  calls: {
    hypercall: {
      ...hypercall,
      id: HYPERCALL_ID,
      summary: 'The hypercall that the control word names; output of fast calls is behind their input.',
      returns: { result: resultType, ...output, x17: u64 },
    },
  },
});

/** How registers are read in Hyper-V's own form: what is asked is in the immediate, arguments are from X0 on. */
export const HYPERV_NATIVE: Convention = {
  ...SMCCC,
  name: 'hyperv-native',
  conduits: ['hvc'],
  immediates: [[Immediate.NATIVE, Immediate.LAUNCH_VP]],
  selector: 'immediate',
  ignoredBits: 0,
  firstArgument: 0,
  narrow: 'by-caller',
};

/** Hyper-V's own form, HVC #1 to #4: control word in X0, parameters from X1. */
export const nativeAbi = defineInterface({
  name: 'hyperv-native',
  title: "Hyper-V's own form of its hypercalls",
  source: 'openvmm, minimal_rt and hv1_hypercall',
  convention: HYPERV_NATIVE,
  calls: {
    hypercall: {
      ...hypercall,
      id: Immediate.NATIVE,
      summary: 'The hypercall that the control word names; output of fast calls is in the last registers, up to X16.',
      returns: { result: resultType, ...output },
    },
    vtlCall: {
      id: Immediate.VTL_CALL,
      since: '1',
      clause: 'Virtual Secure Mode',
      summary: 'Enters the next higher virtual trust level.',
      returns: {},
    },
    vtlReturn: {
      id: Immediate.VTL_RETURN,
      since: '1',
      clause: 'Virtual Secure Mode',
      summary: 'Goes back to the virtual trust level below.',
      returns: {},
    },
    launchVp: {
      id: Immediate.LAUNCH_VP,
      since: '1',
      clause: 'minimal_rt',
      summary: 'Launches a virtual processor.',
      returns: {},
    },
  },
});
