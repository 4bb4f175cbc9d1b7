import { readFileSync } from 'node:fs';
import { MAX_CHANNELS, MAX_GUEST_INFO, MAX_LOG_TEXT, MAX_MESSAGE, MAX_TRIES } from '@trapline/vmware';
import { expect, test } from 'vitest';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8').replaceAll(/ *\| */g, '|');

test.for(Object.entries({ MAX_CHANNELS, MAX_MESSAGE, MAX_GUEST_INFO, MAX_LOG_TEXT, MAX_TRIES }))(
  'README names %s as it is',
  ([name, value]) => {
    expect(readme).toContain(`|\`${name}\`|${value.toLocaleString('en-US')}|`);
  },
);
