/** How a source begins. */
export const HEAD = '/dts-v1/;\n';

/** Sources that exercise the language, each feature by what is hard about it. */
export const corpus: Record<string, string> = {
  'an empty tree': '/ { };',
  'several headers': '/dts-v1/; /dts-v1/; / { a; };',
  'kinds of values':
    '/ { flag; s = "text"; l = "a", "", "c"; c = <1 0x2 03>; b = [0001 02ff]; mixed = "s", <1>, [02], "t"; none = <>; };',
  'widths of cells':
    '/ { a = /bits/ 8 <1 0xff (-1)>; b = /bits/ 16 <1 0xffff>, /bits/ 64 <1 0xffffffffffffffff>; c = /bits/ 32 <1>, /bits/ 0x10 <2>; };',
  'integer literals': '/ { a = <0 00 017 0xFF 0Xff 4294967295 1U 2L 3UL 4LL 5ULL>; };',
  'character literals': "/ { a = <'a' '\\n' '\\0' '\\x41' '\\101' '\"' '\\xff' '\\''>; };",
  'escapes in strings': '/ { a = "\\a\\b\\t\\n\\v\\f\\r\\"\\\\\\q\\0", "\\x4", "\\x41g", "\\7\\101\\1012", "\\xe4"; };',
  'text that is not ASCII': '/ { a = "äöü €"; };',
  arithmetic: '/ { a = <(1 + 2 * 3) (10 - 4 - 3) (20 / 3) (20 % 3) (-1) (-(-2)) (~0) (!0) (!5) (- - 3)>; };',
  'precedence of operators':
    '/ { a = <(1 | 2 ^ 3 & 4) (1 << 2 + 1) (1 + 2 == 3) (4 > 3 == 1) (1 || 0 && 0) (6 & 3 == 3) (1 < 2 << 1)>; };',
  comparisons: '/ { a = <(1 < 2) (2 < 1) (2 <= 2) (3 >= 4) (1 != 1) (1 == 1) ((0 - 1) > 0) (5 && 0) (0 || 7)>; };',
  'the ternary operator': '/ { a = <(1 ? 2 : 3) (0 ? 2 : 3) (0 ? 1 : 0 ? 2 : 3) (1 ? 0 ? 4 : 5 : 6) (1 ? (2) : 3)>; };',
  shifts: '/ { a = /bits/ 64 <(1 << 63) (1 << 64) (0xff00 >> 4) (1 >> 64) ((0 - 1) >> 60)>; };',
  'arithmetic in 64 bits':
    '/ { a = /bits/ 64 <(0xffffffffffffffff + 2) (0 - 1) (0xffffffff * 0xffffffff) ((0 - 10) / 3)>; };',
  'negative numbers in narrow cells': '/ { a = <(-1) (-2147483648) 0xffffffffffffffff>; b = /bits/ 8 <(-128)>; };',
  'odd names':
    '/ { #address-cells = <1>; a,b-c.d+e_f = <1>; 1a = <2>; p? = <3>; q* = <4>; \\delete-node; n,o+d-e._@1,2.3 { }; \\9a { }; };',
  'a node with the name of a property': '/ { x = <1>; x { }; };',
  'labels everywhere':
    'l1: /memreserve/ 1 2; / { n1: n2: node { p1: p2: p = a: <b: 1 c: 2 d:> e:, f: [00 g: 01] , h: "s" i:; }; };',
  'references in cells': '/ { a { x = <&{/b} 1 &l>; }; l: b { }; c { y = <&{/a} &{/}>; }; };',
  'references as paths': '/ { a { x = &l, "between", &{/a}, <1>, &{/}; }; b { l: c@1 { }; }; };',
  'given phandles are left out':
    '/ { x = <&m &l>; a { phandle = <1>; }; b { linux,phandle = <2>; }; l: c { }; m: d { }; };',
  'a phandle of oneself': '/ { l: a { phandle = <&l>; }; b { phandle = <1>; }; c { phandle = <&{/c}>; }; };',
  'both phandle properties': '/ { x = <&l>; l: a { phandle = <4>; linux,phandle = <4>; }; };',
  'merging of roots': '/ { a = <1>; b = <2>; n { x = <1>; }; }; / { b = <3>; c = <4>; n { y = <2>; m { }; }; o { }; };',
  'overrides by label and path':
    '/ { l: a { p = <1>; q = <2>; }; }; &l { q = "new"; r; s { }; }; &{/a} { p; }; &{/a/s} { t; };',
  'labels in overrides': '/ { x = <&m>; l: a { }; }; m: &l { k: sub { }; }; &m { p; }; &k { q; };',
  'deleting properties':
    '/ { a = <1>; b = <2>; n { c; d; }; }; / { /delete-property/ a; n { /delete-property/ c; }; };',
  'deleting nodes':
    '/ { a { b { }; c { }; }; l: d { e { }; }; f { }; }; / { a { /delete-node/ b; }; }; /delete-node/ &l; /delete-node/ &{/f};',
  'what is defined again takes its old place':
    '/ { a = <1>; b = <2>; c = <3>; n { p; q; }; m { }; }; / { /delete-property/ a; /delete-node/ n; }; / { d; a = <9>; n { q = <1>; r; }; };',
  'deleting and defining in one pair of braces':
    '/ { a = <1>; n { x; }; }; / { /delete-property/ a; a = <2>; /delete-node/ n; n { y; }; };',
  'deleting what is not there':
    '/ { /delete-property/ a; /delete-node/ b; }; / { /delete-property/ c; /delete-node/ d; };',
  'deleting in the first definition': '/ { a = <1>; /delete-property/ a; /delete-node/ n; };',
  'a deleted label can be given again': '/ { l: a { }; b { }; }; /delete-node/ &l; / { x = <&l>; l: c { }; };',
  'nodes defined twice in an override': '/ { n { }; }; / { n { m { a; }; m { b; }; }; };',
  'omit-if-no-ref':
    '/ { /omit-if-no-ref/ a: a { }; /omit-if-no-ref/ b: b { }; c: c { d { }; }; /omit-if-no-ref/ e: e { }; f { x = <&b>; y = &e; }; }; /omit-if-no-ref/ &c;',
  memreserve: '/memreserve/ 0x1000 0x2000; /memreserve/ (1 << 40) (0xffffffffffffffff - 1); / { };',
  comments: '/* a * / ** */ / { // line\n a /* in */ = /**/ < /* x */ 1 // y\n 2>; };// last\n',
  linemarkers:
    '# 1 "a.dts"\n# 1 "<built-in>" 1 3\n#line 7 "b.dts"\n/ {\n# 12 "c\\"d.dts"\n a = <1\n# 13 "x" 2\n 2>; };\n',
  'the boot CPU': '/ { cpus { cpu@3 { reg = <3>; }; cpu@4 { reg = <4>; }; }; };',
  'a boot CPU with two cells': '/ { cpus { cpu@3 { reg = <0 3>; }; }; };',
  'a redundant name': '/ { name = ""; n@1 { name = "n"; }; };',
  'tails shared in the strings block': '/ { a-size = <1>; size = <2>; e; }; ',
  'values that look like others':
    '/ { a = [00 00 00 01]; b = <0x61626300>; c = [61 00 00]; d = [00]; e = [61 62]; f = [00 00 00 00]; };',
};
