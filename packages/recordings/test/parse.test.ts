import { MAX_RECORDING_LENGTH, parseRecording, RecordingError } from '@trapline/recordings';
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
