import { MAX_ENTRY_BYTES, MAX_RECORDING_LENGTH, parseRecording, RecordingError } from '@trapline/recordings';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const call = { op: 'call', conduit: 'hvc', imm: '0x0', width: 64, in: { x0: '0x84000000' }, out: { x0: '0x10001' } };

function document(step: unknown, more: object = {}): string {
  return JSON.stringify({
    subject: { package: 'psci', profile: 'spec', options: {} },
    oracle: 'hand-made',
    recorded: '2026-01-01',
    environment: {},
    scenarios: [{ id: 'one', fresh: true, steps: [step] }],
    ...more,
  });
}

function placeOf(text: string): string {
  try {
    parseRecording(text);
  } catch (error) {
    expect(error).toBeInstanceOf(RecordingError);
    return (error as RecordingError).place;
  }
  throw new Error('was read');
}

describe('parseRecording', () => {
  it('reads a document and keeps fields that the format does not know', () => {
    const recording = parseRecording(document({ ...call, mood: 'fine' }, { weather: 'mild' }));
    expect(recording.scenarios[0]?.steps[0]).toMatchObject({ mood: 'fine', out: { x0: '0x10001' } });
    expect(recording).toHaveProperty('weather', 'mild');
  });

  it('keeps steps of a kind it does not know', () => {
    expect(parseRecording(document({ op: 'dance' })).scenarios[0]?.steps[0]?.op).toBe('dance');
    expect(parseRecording(document({ op: '__proto__' })).scenarios[0]?.steps[0]?.op).toBe('__proto__');
  });

  it('reads a call that gave nothing back', () => {
    expect(parseRecording(document({ ...call, out: null, returns: false })).scenarios).toHaveLength(1);
  });

  it('reads bytes that repeat, up to a large page and no further', () => {
    const step = (times: number) => ({ ...call, memIn: [{ addr: '0x0', hex: '0000', times }] });
    expect(parseRecording(document(step(MAX_ENTRY_BYTES / 2))).scenarios).toHaveLength(1);
    expect(placeOf(document(step(MAX_ENTRY_BYTES / 2 + 1)))).toBe('scenarios[0].steps[0].memIn[0]');
    expect(placeOf(document(step(-1)))).toBe('scenarios[0].steps[0].memIn[0].times');
  });

  it('tells a text that ends early from one that is none', () => {
    const text = document(call);
    expect(() => parseRecording(text.slice(0, 50))).toThrow(/^is not whole, as if its writer was stopped: /);
    expect(() => parseRecording('steps')).toThrow(/^is not JSON: /);
  });

  it('names what a trace lacks of its machine', () => {
    const traced = { guest: 'a', midr: '0x0', frequency: 1, regions: [{ base: '0x0', size: '0x1000' }], ports: {} };
    expect(parseRecording(document(call, { environment: { traced } })).environment.traced).toEqual(traced);
    const { regions: _, ...less } = traced;
    expect(placeOf(document(call, { environment: { traced: less } }))).toBe('environment.traced.regions');
  });

  it.each([
    ['a register that is no hexadecimal number', { ...call, in: { x0: '84000000' } }, 'scenarios[0].steps[0].in.x0'],
    ['a register above 64 bits', { ...call, out: { x1: '0x10000000000000000' } }, 'scenarios[0].steps[0].out.x1'],
    ['a width of 16', { ...call, width: 16 }, 'scenarios[0].steps[0].width'],
    ['a call without registers', { ...call, in: undefined }, 'scenarios[0].steps[0].in'],
    ['a negative CPU', { ...call, cpu: -1 }, 'scenarios[0].steps[0].cpu'],
    ['half a byte', { op: 'mem', addr: '0x0', hex: 'abc' }, 'scenarios[0].steps[0].hex'],
    ['operands that are no list', { ...call, memIn: {} }, 'scenarios[0].steps[0].memIn'],
    ['volatile names that are no strings', { ...call, volatile: [0] }, 'scenarios[0].steps[0].volatile[0]'],
    ['a delay of half a millisecond', { op: 'delay', ms: 0.5 }, 'scenarios[0].steps[0].ms'],
    [
      'an interrupt that was touched',
      { ...call, interrupts: [{ cpu: 0, intid: 1, change: 'touched' }] },
      'scenarios[0].steps[0].interrupts[0].change',
    ],
    [
      'an access of no kind',
      { ...call, translations: [{ va: '0x0', access: 'fetch' }] },
      'scenarios[0].steps[0].translations[0].access',
    ],
    ['entropy that is no bytes', { ...call, random: [null, 'x'] }, 'scenarios[0].steps[0].random[1]'],
    [
      'stolen time in words',
      { op: 'alarm', at: '0x1', time: { stolen: { 0: 'much' } } },
      'scenarios[0].steps[0].time.stolen.0',
    ],
    ['an alarm for no time', { op: 'alarm' }, 'scenarios[0].steps[0].at'],
    [
      'a disk without a number',
      { op: 'vmm', action: 'tick', media: [{ addr: '0x0', hex: '00' }] },
      'scenarios[0].steps[0].media[0].medium',
    ],
    ['a step without a kind', {}, 'scenarios[0].steps[0].op'],
    ['a step that is no object', 7, 'scenarios[0].steps[0]'],
  ])('refuses %s and names the place', (_, step, place) => {
    expect(placeOf(document(step))).toBe(place);
  });

  it.each([
    ['subject', { subject: undefined }],
    ['subject.profile', { subject: { package: 'psci', options: {} } }],
    ['environment', { environment: [] }],
    ['scenarios', { scenarios: null }],
    ['scenarios[0].fresh', { scenarios: [{ id: 'x', steps: [] }] }],
    ['scenarios[0].steps', { scenarios: [{ id: 'x', fresh: true }] }],
  ])('refuses a document whose %s is missing or wrong', (place, more) => {
    expect(placeOf(document(call, more))).toBe(place);
  });

  it('refuses what is not JSON, and a text above its limit', () => {
    expect(() => parseRecording('{')).toThrow(RecordingError);
    expect(() => parseRecording(' '.repeat(MAX_RECORDING_LENGTH + 1))).toThrow(/at most/);
  });

  it('throws nothing but RecordingError, whatever JSON it is given', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (whole, step) => {
        for (const text of [JSON.stringify(whole), document(step), document({ ...call, in: step })]) {
          try {
            parseRecording(text);
          } catch (error) {
            expect(error).toBeInstanceOf(RecordingError);
          }
        }
      }),
    );
  });
});
