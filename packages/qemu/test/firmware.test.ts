import { firmware } from '@trapline/psci';
import { describe, expect, test } from 'vitest';
import { boot, cannotBoot, uboot, why } from './boots.js';

const PROMPT = '=> ';

describe.skipIf(cannotBoot)(`Debian's U-Boot${why}`, () => {
  test.each([
    ['poweroff', 'shutdown', 'el2'],
    ['reset', 'reset', 'el3'],
  ])('%s is a %s by PSCI at its %s', async (command, reason, level) => {
    const { end, console, calls } = await boot({
      flash: true,
      services: { [level]: [firmware()] },
      payload: uboot(),
      typing: [
        ['autoboot:', '\r'],
        [PROMPT, `${command}\r`],
      ],
    });
    expect(end.reason).toBe(reason);
    expect(console).toContain('U-Boot 20');
    expect(calls.at(-1)?.call).toBe(reason === 'reset' ? 'psci.systemReset' : 'psci.systemOff');
  });
});
