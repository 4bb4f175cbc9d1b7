import { AGAIN, type Outcome } from '@trapline/core';
import { ERRNO } from '../abi/errno.js';
import { eventChannelOperations } from '../abi/operations/event-channel.js';
import {
  EVTCHN_FIFO_LINK_BITS,
  evtchnBindVcpu,
  evtchnClose,
  evtchnExpandArray,
  evtchnInitControl,
  evtchnReset,
  evtchnSend,
  evtchnSetPriority,
  evtchnUnmask,
} from '../abi/structures/event-channel.js';
import { isGlobalVirq } from '../abi/virq.js';
import { answer, fail, type Hypercall, type Operation } from '../calls/hypercall.js';
import { frameOf } from '../memory/frames.js';
import { allocUnbound, bindInterdomain, bindIpi, bindPirq, bindVirq } from './binding.js';
import { copyIn, copyOut } from './copy.js';
import { CONTROL_ALIGN, LAST_OFFSET } from './fifo.js';
import { INTERDOMAIN, UNBOUND, VIRQ_BOUND } from './port-table.js';
import { status } from './status.js';

const CLOSE_PORT = evtchnClose.at.port / 4;
const SEND_PORT = evtchnSend.at.port / 4;
const UNMASK_PORT = evtchnUnmask.at.port / 4;
const BIND_PORT = evtchnBindVcpu.at.port / 4;
const BIND_VCPU = evtchnBindVcpu.at.vcpu / 4;
const RESET_DOM = evtchnReset.at.dom / 2;
const CONTROL_GFN = evtchnInitControl.at.controlGfn / 4;
const CONTROL_OFFSET = evtchnInitControl.at.offset / 4;
const CONTROL_VCPU = evtchnInitControl.at.vcpu / 4;
const LINK_BITS = evtchnInitControl.at.linkBits;
const ARRAY_GFN = evtchnExpandArray.at.arrayGfn / 4;
const PRIORITY_PORT = evtchnSetPriority.at.port / 4;
const PRIORITY = evtchnSetPriority.at.priority / 4;
const RESET_CONT = eventChannelOperations.operations.resetCont.command;

const HANDLERS: { readonly [N in keyof typeof eventChannelOperations.operations]: Operation } = {
  bindInterdomain,
  bindVirq,
  bindPirq,
  close,
  send,
  status,
  allocUnbound,
  bindIpi,
  bindVcpu,
  unmask,
  reset: (call) => reset(call, false),
  initControl,
  expandArray,
  setPriority,
  resetCont: (call) => reset(call, true),
};

const BY_COMMAND: readonly Operation[] = eventChannelOperations.all.reduce((list: Operation[], { command, name }) => {
  list[command] = HANDLERS[name];
  return list;
}, []);

/**
 * HYPERVISOR_event_channel_op (common/event_channel.c, do_event_channel_op): the command is an int. ENOSYS for other
 * commands, EFAULT for a structure that cannot be read, or not be written where it holds results.
 */
export function eventChannelOp(call: Hypercall): Outcome {
  const operation = BY_COMMAND[call.w[0] as number];
  return operation === undefined ? fail(call, ERRNO.ENOSYS) : operation(call);
}

function send(call: Hypercall): Outcome {
  if (!copyIn(call, evtchnSend.size)) return fail(call, ERRNO.EFAULT);
  return answer(call, call.domain.events.send(call.operand.words[SEND_PORT] as number));
}

function close(call: Hypercall): Outcome {
  if (!copyIn(call, evtchnClose.size)) return fail(call, ERRNO.EFAULT);
  return answer(call, call.domain.events.close(call.operand.words[CLOSE_PORT] as number));
}

/** 0 also for a free port; EINVAL beyond the valid range. */
function unmask(call: Hypercall): Outcome {
  if (!copyIn(call, evtchnUnmask.size)) return fail(call, ERRNO.EFAULT);
  const { events } = call.domain;
  const port = call.operand.words[UNMASK_PORT] as number;
  if (port >= events.ports.valid) return fail(call, ERRNO.EINVAL);
  events.unmask(port);
  return answer(call, 0);
}

/** ENOENT for a vCPU that does not exist; EINVAL for a port that is not bound, or whose vCPU is fixed. */
function bindVcpu(call: Hypercall): Outcome {
  if (!copyIn(call, evtchnBindVcpu.size)) return fail(call, ERRNO.EFAULT);
  const { domain, operand } = call;
  const { ports } = domain.events;
  const vcpu = operand.words[BIND_VCPU] as number;
  const port = operand.words[BIND_PORT] as number;
  if (vcpu >= domain.vcpus.length) return fail(call, ERRNO.ENOENT);
  if (port >= ports.valid) return fail(call, ERRNO.EINVAL);
  const state = ports.state[port];
  const moves =
    state === VIRQ_BOUND ? isGlobalVirq(ports.remote[port] as number) : state === UNBOUND || state === INTERDOMAIN;
  if (!moves) return fail(call, ERRNO.EINVAL);
  ports.notify[port] = vcpu;
  return answer(call, 0);
}

/**
 * Of oneself, or by the control domain of a domain that it has paused (EINVAL where it has not). Preempted after
 * PORTS_PER_RESET ports: the call comes back as EVTCHNOP_reset_cont.
 */
function reset(call: Hypercall, resuming: boolean): Outcome {
  if (!copyIn(call, evtchnReset.size)) return fail(call, ERRNO.EFAULT);
  const { domain } = call;
  const { xen } = domain;
  const target = xen.named(domain, call.operand.halves[RESET_DOM] as number);
  if (target === undefined) return fail(call, ERRNO.ESRCH);
  if (!xen.policy.target(domain, target)) return fail(call, ERRNO.EPERM);
  if (target !== domain && !target.life.isPausedByController) return fail(call, ERRNO.EINVAL);
  const result = target.events.resetPorts(resuming);
  if (result !== -ERRNO.ERESTART) return answer(call, result);
  call.w[0] = RESET_CONT;
  return AGAIN;
}

/** ENOENT for a vCPU that does not exist; EINVAL for a control block that is not aligned to 8 bytes or leaves its page. */
function initControl(call: Hypercall): Outcome {
  if (!copyIn(call, evtchnInitControl.size)) return fail(call, ERRNO.EFAULT);
  const { domain, operand } = call;
  const vcpu = operand.words[CONTROL_VCPU] as number;
  const offset = operand.words[CONTROL_OFFSET] as number;
  if (vcpu >= domain.vcpus.length) return fail(call, ERRNO.ENOENT);
  if (offset > LAST_OFFSET || (offset & (CONTROL_ALIGN - 1)) !== 0) return fail(call, ERRNO.EINVAL);
  const frame = frameOf(operand.words[CONTROL_GFN] as number, operand.words[CONTROL_GFN + 1] as number);
  const result = domain.events.initControl(vcpu, frame, offset);
  if (result !== 0) return answer(call, result);
  operand.bytes[LINK_BITS] = EVTCHN_FIFO_LINK_BITS;
  return copyOut(call, evtchnInitControl.size) ? answer(call, 0) : fail(call, ERRNO.EFAULT);
}

function expandArray(call: Hypercall): Outcome {
  if (!copyIn(call, evtchnExpandArray.size)) return fail(call, ERRNO.EFAULT);
  const { words } = call.operand;
  return answer(
    call,
    call.domain.events.expandArray(frameOf(words[ARRAY_GFN] as number, words[ARRAY_GFN + 1] as number)),
  );
}

/** EINVAL for a port beyond the valid range, then what {@link EventChannels.setPriority} says. */
function setPriority(call: Hypercall): Outcome {
  if (!copyIn(call, evtchnSetPriority.size)) return fail(call, ERRNO.EFAULT);
  const { words } = call.operand;
  const { events } = call.domain;
  const port = words[PRIORITY_PORT] as number;
  if (port >= events.ports.valid) return fail(call, ERRNO.EINVAL);
  return answer(call, events.setPriority(port, words[PRIORITY] as number));
}
