import { BindError, type ClientOf, createClient, type Driver, isStatus } from '@trapline/core';
import { type SdeiVersion, sdeiAbi } from './abi.js';
import { SDEI_COMPATIBLE } from './binding.js';

/** SDEI as a guest has found it. */
export interface Sdei {
  readonly version: SdeiVersion;
  /** All calls. Those after which the CPU may find itself in a handler give a `Pending`. */
  readonly calls: ClientOf<typeof sdeiAbi>;
}

/** The only major version there is. */
const MAJOR = 1;

/**
 * The driver of SDEI: binds to `arm,sdei-1.0`, whose `method` names the conduit.
 *
 * Throws {@link BindError} for a node without a method, and for a version that the driver does not know. Undefined where
 * firmware does not answer SDEI_VERSION.
 */
export const sdeiDriver: Driver<Sdei> = {
  name: 'sdei',
  compatible: [SDEI_COMPATIBLE],
  needs: [],
  bind: (context, node) => {
    const method = node && methodOf(node);
    if (!node || (method !== 'smc' && method !== 'hvc')) {
      throw new BindError(node?.path ?? '/firmware/sdei', 'needs method = "smc" or "hvc"');
    }
    const calls = createClient(sdeiAbi, context.conduit(method));
    const version = calls.version();
    if (isStatus(version)) return undefined;
    if (version.major !== MAJOR) throw new BindError(node.path, `has SDEI ${version.major}.${version.minor}, not 1.x`);
    return { version, calls };
  },
};

/** The property as a string; undefined where it is absent or no string. */
function methodOf(node: DeviceTreeNode): string | undefined {
  try {
    return node.string('method');
  } catch {
    return undefined;
  }
}

type DeviceTreeNode = NonNullable<Parameters<Driver['bind']>[1]>;
