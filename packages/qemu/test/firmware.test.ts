import { firmware } from '@trapline/psci';
import { describe, expect, test } from 'vitest';
import { boot, cannotBoot, firmwareImage, why } from './boots.js';

describe.skipIf(cannotBoot)(`Debian's firmware${why}`, () => {
  test.each([
    ['poweroff', 'shutdown', 'el2'],
    ['reset', 'reset', 'el3'],
  ])('U-Boot: %s is a %s, by PSCI at its %s', async (command, reason, level) => {
    const { end, console, calls } = await boot({
      flash: true,
      services: { [level]: [firmware()] },
      payload: firmwareImage('u-boot.bin'),
      typing: [
        ['autoboot:', '\r'],
        ['=> ', `${command}\r`],
      ],
    });
    expect(end.reason).toBe(reason);
    expect(console).toContain('U-Boot 20');
    expect(calls.at(-1)?.call).toBe(reason === 'reset' ? 'psci.systemReset' : 'psci.systemOff');
  });

  test('EDK2: reset -s of its shell is a shutdown', async () => {
    const { end, console } = await boot({
      flash: true,
      services: { el3: [firmware()] },
      payload: firmwareImage('edk2.fd'),
      typing: [
        ['to skip', '\u001b'],
        ['Shell>', 'reset -s\r'],
      ],
    });
    expect(console).toContain('UEFI Interactive Shell');
    expect(end.reason).toBe('shutdown');
  });
});
