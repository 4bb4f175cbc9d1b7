import { readFileSync } from 'node:fs';
import {
  BLKIF_INDIRECT_SEGMENTS_MAX,
  CONSOLE_QUEUE_BYTES,
  EVTCHN_2L_NR_CHANNELS,
  EVTCHN_FIFO_NR_CHANNELS,
  MAX_MULTICALL,
  MAX_OPERAND,
  MAX_POLL_PORTS,
  MAX_TRANSACTION_TRIES,
  MESSAGE_PAYLOAD_MAX,
  NET_PACKET_SLOTS_MAX,
  NET_QUEUE_PACKETS,
  operationTable,
  PORTS_PER_RESET,
  PROFILES,
  REQUESTS_PER_EVENT,
  SCRATCH_BYTES,
  WATCHDOGS,
} from '@trapline/xen';
import { expect, test } from 'vitest';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** A table without the blanks by which a formatter aligns its columns. */
function plain(table: string): string {
  return table
    .replaceAll(/ *\| */g, '|')
    .replaceAll(/-{3,}/g, '---')
    .trim();
}

test('README’s table of hypercalls is the generated one', () => {
  const [, table = ''] = /<!-- hypercalls -->\n([^<]*)<!-- end -->/.exec(readme) ?? [];
  expect(plain(table)).toBe(plain(operationTable(PROFILES.spec.hypercalls)));
});

test('README names the profiles as they are', () => {
  const profiles = Object.values(PROFILES);
  const row = (title: string, cells: readonly unknown[]) => `|${[title, ...cells].join('|')}|`;
  const text = plain(readme);
  expect(text).toContain(
    row(
      'SMCCC',
      profiles.map(({ firmware: { smccc } }) => `${smccc.major}.${smccc.minor}`),
    ),
  );
  expect(text).toContain(
    row(
      "domctl's interface version",
      profiles.map(({ domctlVersion }) => `0x${domctlVersion.toString(16)}`),
    ),
  );
  expect(text).toContain(
    row(
      'policy',
      profiles.map(({ policy }) => policy),
    ),
  );
  expect(text).toContain(
    row(
      'grant tables',
      profiles.map(({ grantVersion }) => (grantVersion === 1 ? '1' : '1, 2')),
    ),
  );
});

test.each(
  Object.entries({
    SCRATCH_BYTES,
    MAX_OPERAND,
    MAX_MULTICALL,
    MAX_POLL_PORTS,
    PORTS_PER_RESET,
    EVTCHN_2L_NR_CHANNELS,
    EVTCHN_FIFO_NR_CHANNELS,
    WATCHDOGS,
    MAX_TRANSACTION_TRIES,
    MESSAGE_PAYLOAD_MAX,
    REQUESTS_PER_EVENT,
    CONSOLE_QUEUE_BYTES,
    BLKIF_INDIRECT_SEGMENTS_MAX,
    NET_PACKET_SLOTS_MAX,
    NET_QUEUE_PACKETS,
  }),
)('README names %s as it is', (name, value) => {
  expect(plain(readme)).toContain(`|\`${name}\`|${value.toLocaleString('en-US')}|`);
});
