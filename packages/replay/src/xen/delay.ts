import type { DelayStep } from '@trapline/recordings';
import type { Stage } from '../stage/stage.js';
import type { XenSide } from './xen-side.js';

const NS_PER_MS = 1_000_000n;

/** Time passes; where the recorder looked at the domain on the way, so does the replay. */
export function playXenDelay(side: XenSide, { ms }: DelayStep, stage: Stage): void {
  const end = stage.clock.now() + BigInt(ms) * NS_PER_MS;
  for (const sample of side.sampleTimes) {
    const left = BigInt(sample) * NS_PER_MS - stage.clock.now();
    if (left < 0n || stage.clock.now() + left > end) continue;
    stage.advance(Number(left / NS_PER_MS));
    const [domain] = side.domains;
    const state = domain && side.look(domain);
    if (state !== undefined) side.samples.set(sample, state);
  }
  stage.advance(Number((end - stage.clock.now()) / NS_PER_MS));
}
