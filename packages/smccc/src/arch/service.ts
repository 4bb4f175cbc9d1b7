import {
  type AttachedGuest,
  type Attachment,
  type Convention,
  type Handlers,
  type Implementation,
  implement,
  perGuest,
  RETURNED,
  returnInt,
  type Service,
} from '@trapline/core';
import { statelessAttachment } from '../attachments.js';
import { unknownCalls } from '../unknown.js';
import { conventionOf, isAtLeast, parseVersion, type SmcccVersion, versionNumber } from '../version.js';
import { archAbi } from './abi.js';
import { availabilityHandler, type FeatureAvailability } from './availability.js';
import { FeatureTable } from './features.js';
import { type SocId, socIdHandler } from './soc-id.js';
import { ARM_WORKAROUNDS, effectOf, ruleFor, type WorkaroundNumber, type WorkaroundRule } from './workarounds.js';

/** How the architecture calls answer. Everything absent is as the specification has it. */
export interface ArchOptions {
  /** The version told; `1.5` where absent. */
  readonly version?: SmcccVersion;
  /** What SOC_ID tells; without it the call is not there. */
  readonly socId?: SocId;
  /** What FEATURE_AVAILABILITY tells; without it the call is not there. */
  readonly featureAvailability?: FeatureAvailability;
  /** {@link ARM_WORKAROUNDS} where absent, those of them that the version has. */
  readonly workarounds?: readonly WorkaroundRule[];
  /**
   * Answers of ARCH_FEATURES by function id, in place of those that follow from what is composed. Xen 4.17 and KVM
   * answer for the workarounds only, not even for ARCH_FEATURES itself.
   */
  readonly features?: Readonly<Record<number, number>>;
  /** Calls whose arguments are read with their high halves. TF-A compares all 64 bits of ARCH_FEATURES' argument. */
  readonly narrow?: { readonly [N in keyof typeof archAbi.calls]?: Convention['narrow'] };
  /** How registers are read; what the version says where absent. */
  readonly convention?: Partial<Convention>;
}

const NAMES: Readonly<
  Record<WorkaroundNumber, 'archWorkaround1' | 'archWorkaround2' | 'archWorkaround3' | 'archWorkaround4'>
> = {
  1: 'archWorkaround1',
  2: 'archWorkaround2',
  3: 'archWorkaround3',
  4: 'archWorkaround4',
};

/**
 * The Arm architecture calls for one guest: VERSION, ARCH_FEATURES, SOC_ID, the workarounds, FEATURE_AVAILABILITY.
 * What a composing service takes in.
 *
 * Of a version before 1.1 nothing is there: such an implementation has no architecture calls.
 */
export function archCalls(guest: AttachedGuest, options: ArchOptions = {}): Implementation {
  const version = options.version ?? '1.5';
  const availability = options.featureAvailability;
  return implement(archAbi, handlersOf(guest, options, version), {
    convention: options.convention ?? conventionOf(version),
    ...(options.narrow ? { narrow: options.narrow } : {}),
    ...(availability?.smc32 === false
      ? { ids: { archFeatureAvailability: [archAbi.calls.archFeatureAvailability.wideId as number] } }
      : {}),
  });
}

/** {@link archCalls} as what serves one guest. */
export function attachArch(guest: AttachedGuest, options: ArchOptions = {}): Attachment {
  return statelessAttachment('smccc', [archCalls(guest, options)]);
}

/** {@link archCalls} as a service by itself. It answers NOT_SUPPORTED for what nobody at its level takes. */
export function archService(options: ArchOptions = {}): Service {
  return perGuest({
    name: 'smccc',
    levels: ['el3', 'el2', 'outside'],
    needs: [],
    attach: (guest) => {
      const calls = archCalls(guest, options);
      return statelessAttachment('smccc', [calls, unknownCalls(calls.convention)]);
    },
  });
}

type ArchHandlers = { -readonly [N in keyof Handlers<typeof archAbi>]: Handlers<typeof archAbi>[N] };

function handlersOf(guest: AttachedGuest, options: ArchOptions, version: SmcccVersion): ArchHandlers {
  const handlers: ArchHandlers = {};
  if (!isAtLeast(version, archAbi.calls.version.spec.since)) return handlers;
  const rules = options.workarounds ?? ARM_WORKAROUNDS.filter((rule) => existsIn(version, NAMES[rule.workaround]));
  const features = new FeatureTable(guest, rules, options.features);
  const number = versionNumber(parseVersion(version));
  handlers.version = (call) => returnInt(call, number);
  handlers.archFeatures = (call) => returnInt(call, features.answer(call));
  if (options.socId) handlers.archSocId = socIdHandler(options.socId);
  if (options.featureAvailability) handlers.archFeatureAvailability = availabilityHandler(options.featureAvailability);
  for (const workaround of [1, 2, 3, 4] as const) {
    const rule = ruleFor(rules, workaround, guest.midr);
    if (!rule || rule.call === false) continue;
    const effect = effectOf(rule.effects ?? []);
    handlers[NAMES[workaround]] = (call) => {
      effect(call);
      return RETURNED;
    };
  }
  return handlers;
}

function existsIn(version: SmcccVersion, name: keyof typeof archAbi.calls): boolean {
  return isAtLeast(version, archAbi.calls[name].spec.since);
}
