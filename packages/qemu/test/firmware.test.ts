import { firmware } from '@trapline/psci';
import { describe, expect, test } from 'vitest';
import { boot, cannotBoot, firmwareImage, why } from './boots.js';

describe.skipIf(cannotBoot)(`Debian's firmware${why}`, () => {
  test.each(['el2', 'el3'])('U-Boot by PSCI at %s: reset is a restart, poweroff a shutdown', async (level) => {
    const { end, console, calls } = await boot({
      flash: true,
      services: { [level]: [firmware()] },
      payload: firmwareImage('u-boot.bin'),
      typing: [
        ['autoboot:', '\r'],
        ['=> ', 'reset\r'],
        ['autoboot:', '\r'],
        ['=> ', 'poweroff\r'],
      ],
    });
    expect(end.reason).toBe('shutdown');
    expect(console.match(/U-Boot 20/g)).toHaveLength(2);
    expect(calls.map(({ call }) => call).filter((name) => name?.startsWith('psci.system'))).toEqual([
      'psci.systemReset',
      'psci.systemOff',
    ]);
  });

  test('EDK2: reset of its shell is a restart, reset -s a shutdown', async () => {
    const { end, console } = await boot({
      flash: true,
      services: { el3: [firmware()] },
      payload: firmwareImage('edk2.fd'),
      typing: [
        ['to skip', '\u001b'],
        ['Shell>', 'reset\r'],
        ['to skip', '\u001b'],
        ['Shell>', 'reset -s\r'],
      ],
    });
    expect(console.match(/UEFI Interactive Shell/g)).toHaveLength(2);
    expect(end.reason).toBe('shutdown');
  });
});
