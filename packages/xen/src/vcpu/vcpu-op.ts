import type { Outcome } from '@trapline/core';
import { ERRNO } from '../abi/errno.js';
import { vcpuOperations } from '../abi/operations/vcpu.js';
import { vcpuRegisterRunstateMemoryArea, vcpuRegisterVcpuInfo } from '../abi/structures/vcpu.js';
import { answer, fail, type Hypercall, succeed } from '../calls/hypercall.js';
import { frameOf } from '../memory/frames.js';

const { registerRunstateMemoryArea, registerVcpuInfo } = vcpuOperations.operations;
const MFN = vcpuRegisterVcpuInfo.at.mfn / 4;
const OFFSET = vcpuRegisterVcpuInfo.at.offset / 4;
const AREA = vcpuRegisterRunstateMemoryArea.at.addr / 4;

/**
 * HYPERVISOR_vcpu_op (arch/arm/domain.c, do_arm_vcpu_op): ENOENT for a vCPU that does not exist, before anything else is
 * looked at; EINVAL for every command but two.
 */
export function vcpuOp(call: Hypercall): Outcome {
  const { w, domain } = call;
  const vcpu = w[2] as number;
  if (vcpu >= domain.vcpus.length) return fail(call, ERRNO.ENOENT);
  switch (w[0]) {
    case registerVcpuInfo.command:
      return vcpuInfo(call, vcpu);
    case registerRunstateMemoryArea.command:
      return runStateArea(call, vcpu);
    default:
      return fail(call, ERRNO.EINVAL);
  }
}

function vcpuInfo(call: Hypercall, vcpu: number): Outcome {
  const { w, domain, operand } = call;
  const { size } = vcpuRegisterVcpuInfo;
  if (!domain.memory.copyIn(call, w[4] as number, w[5] as number, size)) return fail(call, ERRNO.EFAULT);
  const frame = frameOf(operand.words[MFN] as number, operand.words[MFN + 1] as number);
  return answer(call, domain.vcpuInfos.register(call.vcpu.id, vcpu, frame, operand.words[OFFSET] as number));
}

function runStateArea(call: Hypercall, vcpu: number): Outcome {
  const { w, domain, operand } = call;
  const { size } = vcpuRegisterRunstateMemoryArea;
  if (!domain.memory.copyIn(call, w[4] as number, w[5] as number, size)) return fail(call, ERRNO.EFAULT);
  const area = domain.scheduling.runStates;
  area.register(call.vcpu.id, vcpu, operand.words[AREA] as number, operand.words[AREA + 1] as number);
  return succeed(call);
}
