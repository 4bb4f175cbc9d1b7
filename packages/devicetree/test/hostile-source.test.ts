import { applyOverlay, DeviceTreeError, readDtb, readDts, writeDtb, writeDts } from '@trapline/devicetree';
import fc from 'fast-check';
import { expect, test } from 'vitest';

const SOURCE = `/dts-v1/; /plugin/;
m: /memreserve/ 1 (2+3*4);
/ {
  #address-cells = <1>; a = "x\\x41", <1 (2 ? 3 : 'a') &l>, [00 ff], &l, /bits/ 64 <(~0)>;
  l: n@1 { phandle = <9>; q: x = lab: <2>; };
  /omit-if-no-ref/ k: z { }; /delete-node/ q;
};
# 3 "x"
&l { p; }; &{/n@1} { r; y = <&elsewhere &l>; }; &elsewhere { s { t = <&l>; }; };
/delete-node/ &k;
`;
const SCRAPS = [
  ...'/{};&"\'<>()?:[]#\\,=~-%@0\n',
  '/bits/',
  '/incbin/',
  '/include/',
  '0x',
  '/*',
  '/dts-v1/;',
  '\u00e4',
  '\ud800',
  '1'.repeat(99),
];

const change = fc.record({
  at: fc.nat({ max: SOURCE.length }),
  cut: fc.nat({ max: 5 }),
  scrap: fc.constantFrom('', ...SCRAPS),
});

test('sources with a few characters changed give a tree or a typed error, and so do the overlays they become', () => {
  const base = '/dts-v1/; / { n@1 { }; elsewhere: l { }; };';
  let applied = 0;
  fc.assert(
    fc.property(fc.array(change, { maxLength: 3 }), fc.boolean(), (changes, symbols) => {
      const source = changes.reduce(
        (text, { at, cut, scrap }) => text.slice(0, at) + scrap + text.slice(at + cut),
        SOURCE,
      );
      try {
        const overlay = readDtb(writeDtb(readDts(source, { symbols })));
        expect(writeDtb(readDts(writeDts(overlay))).length).toBeGreaterThan(0);
        const tree = readDts(base, { symbols: true });
        const before = writeDtb(tree);
        applyOverlay(tree, overlay).remove();
        expect(writeDtb(tree)).toEqual(before);
        applied++;
      } catch (error) {
        if (!(error instanceof DeviceTreeError)) throw error;
      }
    }),
    { numRuns: 2000, seed: 5 },
  );
  expect(applied).toBeGreaterThan(300);
});

test('.dtbo blobs with any byte changed are applied whole or not at all', () => {
  const overlay = readDts(SOURCE, { symbols: true });
  const blob = writeDtb(overlay);
  const base = readDts('/dts-v1/; / { n@1 { }; elsewhere: l { }; };', { symbols: true });
  const before = writeDtb(base);
  for (let at = 0; at < blob.length; at++) {
    const original = blob[at] as number;
    for (const value of [0, 0xff, original ^ 1, original ^ 4, original ^ 0x80]) {
      blob[at] = value;
      try {
        applyOverlay(base, readDtb(blob)).remove();
      } catch (error) {
        if (!(error instanceof DeviceTreeError)) throw error;
      }
      expect(Buffer.compare(writeDtb(base), before)).toBe(0);
    }
    blob[at] = original;
  }
});
