import { type Implementation, implement, returnInt } from '@trapline/core';
import {
  archAbi,
  OWNER_STANDARD_HYPERVISOR,
  OWNER_STANDARD_SECURE,
  ownerQueries,
  unknownCalls,
  versionNumber,
} from '@trapline/smccc';
import type { Domain } from '../domain/domain.js';
import { FIRMWARE_CONDUITS, type FirmwareConduit } from './convention.js';
import { archFeatures, workaroundAnswers, workaroundCalls } from './workarounds.js';

/** XEN_SMCCC_UID and SSSC_SMCCC_UID (public/arch-arm/smccc.h). */
const XEN_UID = 'a71812dc-c698-4369-9acf-79d18ddee667';
const STANDARD_UID = 'f863386f-4b39-4cbd-9220-ce1641e59f6f';
/** The revision of both services. */
const REVISION = { major: 0, minor: 1 };

/** The SMC Calling Convention's own calls as Xen answers them (arch/arm/vsmc.c), by both conduits. */
export function smcccOf(domain: Domain, midr: number): readonly Implementation[] {
  return [...FIRMWARE_CONDUITS.flatMap((conduit) => callsOf(domain, midr, conduit)), ...workaroundCalls()];
}

function callsOf({ xen }: Domain, midr: number, { convention }: FirmwareConduit): readonly Implementation[] {
  const { firmware } = xen.profile;
  const version = versionNumber(firmware.smccc);
  const features = archFeatures(workaroundAnswers(midr, xen.host.ssbd));
  return [
    implement(archAbi, { version: (call) => returnInt(call, version), archFeatures: features }, { convention }),
    ...ownerQueries({
      owners: {
        [OWNER_STANDARD_SECURE]: { count: firmware.standardCalls, uid: STANDARD_UID, revision: REVISION },
        [OWNER_STANDARD_HYPERVISOR]: { count: firmware.hypervisorCalls, uid: XEN_UID, revision: REVISION },
      },
      convention,
    }),
    unknownCalls(convention),
  ];
}
