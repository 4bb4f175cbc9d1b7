import { type Outcome, virtualAddressOf } from '@trapline/core';
import { ERRNO } from '../abi/errno.js';
import { versionOperations } from '../abi/operations/version.js';
import {
  FEATURES,
  xenBuildId,
  xenDomainHandle,
  xenFeatureInfo,
  xenPlatformParameters,
} from '../abi/structures/version.js';
import type { Domain } from '../domain/domain.js';
import { PAGE_BYTES } from '../memory/frames.js';
import { fail, type Hypercall, succeed } from './hypercall.js';

const {
  version,
  extraversion,
  compileInfo,
  capabilities,
  changeset,
  platformParameters,
  getFeatures,
  pagesize,
  guestHandle,
  commandline,
  buildId,
} = versionOperations.operations;
const SUBMAP_INDEX = xenFeatureInfo.at.submapIdx >> 2;
const SUBMAP = xenFeatureInfo.at.submap >> 2;
const BUILD_ID_LENGTH = xenBuildId.at.len >> 2;

/** Features of every ARM guest. */
const ARM_FEATURES =
  bit(FEATURES.writablePageTables) |
  bit(FEATURES.autoTranslatedPhysmap) |
  bit(FEATURES.memoryOpVnodeSupported) |
  bit(FEATURES.armSmcccSupported);

/**
 * HYPERVISOR_xen_version (common/kernel.c): the command is an int. The command line and the build id are the control
 * domain's alone: others read `<denied>`, and get EPERM. EFAULT for a buffer that cannot be copied, EINVAL for an argument
 * where none is expected, ENOSYS for other commands.
 */
export function xenVersion(call: Hypercall): Outcome {
  const { w, domain } = call;
  const { xen } = domain;
  switch (w[0]) {
    case version.command:
      return succeed(call, xen.version);
    case extraversion.command:
      return give(call, xen.texts.extraVersion);
    case compileInfo.command:
      return give(call, xen.texts.compileInfo);
    case capabilities.command:
      return give(call, xen.texts.capabilities);
    case changeset.command:
      return give(call, xen.texts.changeset);
    case platformParameters.command:
      return platform(call);
    case getFeatures.command:
      return features(call);
    case pagesize.command:
      return isNull(w) ? succeed(call, PAGE_BYTES) : fail(call, ERRNO.EINVAL);
    case guestHandle.command:
      call.operand.first(xenDomainHandle.size).set(domain.handle);
      return out(call, xenDomainHandle.size);
    case commandline.command:
      return give(call, xen.policy.privileged(domain) ? xen.texts.commandLine : xen.texts.denied);
    case buildId.command:
      return build(call);
    default:
      return fail(call, ERRNO.ENOSYS);
  }
}

function isNull(w: Uint32Array): boolean {
  return w[2] === 0 && w[3] === 0;
}

function out(call: Hypercall, length: number): Outcome {
  const { w, domain } = call;
  if (!domain.memory.copyOut(call, w[2] as number, w[3] as number, length)) return fail(call, ERRNO.EFAULT);
  return succeed(call);
}

function give(call: Hypercall, bytes: Uint8Array): Outcome {
  const { w, domain, vcpu } = call;
  const address = virtualAddressOf(w[2] as number, w[3] as number);
  return domain.memory.write(vcpu, address, bytes) ? succeed(call) : fail(call, ERRNO.EFAULT);
}

/** Where Xen's own address space begins; 8 bytes for AArch32 callers too. */
function platform(call: Hypercall): Outcome {
  const { words } = call.operand;
  const { virtStart } = call.domain.xen.profile;
  words[0] = virtStart;
  words[1] = virtStart / 0x1_0000_0000;
  return out(call, xenPlatformParameters.size);
}

function features(call: Hypercall): Outcome {
  const { w, domain, operand } = call;
  if (!domain.memory.copyIn(call, w[2] as number, w[3] as number, xenFeatureInfo.size)) return fail(call, ERRNO.EFAULT);
  if (operand.words[SUBMAP_INDEX] !== 0) return fail(call, ERRNO.EINVAL);
  operand.words[SUBMAP] = featuresOf(domain);
  return out(call, xenFeatureInfo.size);
}

function featuresOf(domain: Domain): number {
  return (
    ARM_FEATURES |
    (domain.privileged ? bit(FEATURES.dom0) : 0) |
    bit(domain.isDirectMapped ? FEATURES.directMapped : FEATURES.notDirectMapped)
  );
}

function build(call: Hypercall): Outcome {
  const { w, domain, operand } = call;
  const { xen } = domain;
  if (!xen.policy.privileged(domain)) return fail(call, ERRNO.EPERM);
  const sizeOnly = isNull(w);
  if (!sizeOnly) {
    if (!domain.memory.copyIn(call, w[2] as number, w[3] as number, xenBuildId.size)) return fail(call, ERRNO.EFAULT);
    if (operand.words[BUILD_ID_LENGTH] === 0) return fail(call, ERRNO.EINVAL);
  }
  const id = xen.host.buildId;
  if (id === undefined) return fail(call, ERRNO.ENODATA);
  if (sizeOnly) return succeed(call, id.length);
  if (id.length > (operand.words[BUILD_ID_LENGTH] as number)) return fail(call, ERRNO.ENOBUFS);
  const address = virtualAddressOf(w[2] as number, w[3] as number);
  const written = domain.memory.write(call.vcpu, address + xenBuildId.size, id);
  return written ? succeed(call, id.length) : fail(call, ERRNO.EFAULT);
}

function bit(number: number): number {
  return 1 << number;
}
