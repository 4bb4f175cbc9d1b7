import { describe, expect, it } from 'vitest';
import { drivers } from '../src/inspect/drivers.js';
import { guestDrivers } from '../src/run/drivers.js';

describe('the drivers that inspect names', () => {
  it('are those of this build that bind to nodes, with their compatible strings', () => {
    const binding = guestDrivers.filter(({ compatible }) => compatible.length > 0);
    expect(drivers).toEqual(binding.map(({ name, compatible }) => ({ name, compatible: [...compatible] })));
  });
});
