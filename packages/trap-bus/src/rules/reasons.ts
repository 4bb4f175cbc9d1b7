import { HCR_HCD, HCR_TGE, HCR_TSC, SCR_HCE, SCR_SMD } from './control-bits.js';
import { type Circumstances, el2Enabled, route } from './routing.js';

/** The questions that decide where an HVC or SMC goes, with their answers, in the order in which they are asked. */
export function reasons(c: Circumstances): readonly string[] {
  const asked = c.conduit === 'hvc' ? hvcReasons(c) : smcReasons(c);
  const taken = route(c);
  if (!taken.startsWith('undefined')) return [...asked, taken === 'el3' ? 'EL3' : 'EL2'];
  if (c.el === 0 && el2Enabled(c, c.secure, c.scr)) asked.push(question('HCR_EL2.TGE', c.hcr & HCR_TGE));
  return [...asked, `undefined at ${taken.slice(-3).toUpperCase()}`];
}

function hvcReasons(c: Circumstances): string[] {
  if (c.el === 0) return ['never from EL0'];
  if (!c.hasEl2) return ['no EL2'];
  if (c.el === 1 && !el2Enabled(c, c.secure, c.scr)) return ['Secure, without Secure EL2'];
  if (c.el === 3 && c.aarch32) return ['never from Monitor mode'];
  return [c.hasEl3 ? question('SCR_EL3.HCE', c.scr & SCR_HCE) : question('HCR_EL2.HCD', c.hcr & HCR_HCD)];
}

function smcReasons(c: Circumstances): string[] {
  if (c.el === 0) return ['never from EL0'];
  const asked: string[] = [];
  if (c.el === 1 && el2Enabled(c, c.secure, c.scr)) {
    asked.push(question('HCR_EL2.TSC', c.hcr & HCR_TSC));
    if (c.hcr & HCR_TSC) return asked;
  }
  asked.push(c.hasEl3 ? question('SCR_EL3.SMD', c.scr & SCR_SMD) : 'no EL3');
  return asked;
}

function question(bit: string, value: number): string {
  return `${bit}? ${value === 0 ? 'no' : 'yes'}`;
}
