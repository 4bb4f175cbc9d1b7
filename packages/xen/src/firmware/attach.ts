import type { AttachedGuest, Implementation } from '@trapline/core';
import { attachFirmware, type ContainedPsci } from '@trapline/psci';
import type { Domain } from '../domain/domain.js';
import { FIRMWARE_CONDUITS } from './convention.js';
import { psciOf } from './psci-calls.js';
import { PSCI_PROFILE } from './psci-profile.js';
import { smcccOf } from './smccc.js';
import { onlySmcZero, undefinedImmediates } from './undefined.js';

/** What a domain reaches by HVC and SMC beside hypercalls, and the PSCI behind it. */
export interface DomainFirmware {
  readonly psci: ContainedPsci;
  readonly implementations: readonly Implementation[];
}

/** PSCI, SMCCC and what is undefined, for one domain. */
export function firmwareOf(domain: Domain, guest: AttachedGuest): DomainFirmware {
  const psci = attachFirmware(guest, PSCI_PROFILE);
  const own = psciOf(domain, psci.implementations);
  const parts = [
    ...FIRMWARE_CONDUITS.flatMap(({ convention }) =>
      own.map((part) => ({ ...part, convention: { ...part.convention, ...convention } })),
    ),
    ...smcccOf(domain, domain.xen.host.midr ?? guest.midr),
  ];
  return {
    psci,
    implementations: [
      ...parts.map((part) => (part.convention.conduits.includes('smc') ? onlySmcZero(part) : part)),
      undefinedImmediates(),
    ],
  };
}
