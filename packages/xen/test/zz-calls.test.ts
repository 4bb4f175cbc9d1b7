import { test } from 'vitest';
import { worldOf } from './machine.js';
test('x', () => {
  const { guest } = worldOf();
  const g = guest('one');
  const a = JSON.stringify(g.services.map((s) => s.attachment.save()), null, 1).split('\n');
  g.reset();
  const b = JSON.stringify(g.services.map((s) => s.attachment.save()), null, 1).split('\n');
  for (let i = 0; i < Math.max(a.length, b.length); i++) if (a[i] !== b[i]) console.log(i, a[i], '|', b[i]);
});
