import { answerSections } from './answers.js';
import type { Column } from './columns.js';
import { codeTable } from './markdown.js';
import { profileSection } from './profiles.js';
import { clobberSection, exceptionSection, startSection } from './registers.js';
import { xenSection } from './xen.js';

/** The page, from recordings and profiles alone. */
export function page(columns: readonly Column[]): string {
  const sources = columns.map(({ title, name, recording }) => [
    title,
    `\`${name}\``,
    recording.oracle.split(';')[0] ?? '',
  ]);
  return `${[
    '# Where real implementations differ, call by call',
    '',
    'The same calls, made to different firmware and hypervisors, and what each answered: facts recorded from running',
    'systems, not from documents. Everything on this page is generated from',
    '[the recordings](../packages/recordings/README.md), the profiles of [psci](../packages/psci/README.md), and the services of',
    '[xen](../packages/xen/README.md); a test holds it up to date.',
    '',
    ...codeTable(['', 'recording', 'who answered'], sources),
    '',
    '## Answers',
    '',
    'Only what differs is listed: the same call with the same arguments in the same state (CPU 0 alone is on, nothing was',
    'done before but asking). Values are those of X0, in the words of the interface; an empty cell means that the call was',
    'not recorded there. `64:` is the SMC64 form of a call that has both.',
    '',
    ...answerSections(columns),
    '## Registers that a call changes',
    '',
    'SMCCC 1.1 lets a callee change X1 to X3 where they carry no result, older callers may not expect it.',
    '',
    ...clobberSection(columns),
    '',
    '## The state in which CPU_ON starts a CPU',
    '',
    ...startSection(columns),
    '',
    '## Instructions that nobody answers',
    '',
    'What the guest finds where it takes the other conduit, or an immediate that is not taken.',
    '',
    ...exceptionSection(columns),
    '',
    '## Rules behind the answers',
    '',
    'The profiles of PSCI are data; these are the fields in which they differ. `spec` follows the specification.',
    '',
    ...profileSection(),
    '',
    '## Versions of Xen',
    '',
    'The hypervisor of [xen](../packages/xen/README.md), run with each of its profiles and asked every hypercall in a fresh',
    'domain beside an idle control domain and another one. Structures are zeros, but for the domain that is meant: the caller.',
    'Only what differs is listed. 4.17 is recorded; the later ones are read from the sources, and spec is a permissive build.',
    '',
    ...xenSection(),
  ].join('\n')}\n`;
}
