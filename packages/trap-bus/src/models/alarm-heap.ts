/** One alarm: when, in which order among equal times, and what. */
export interface Alarm {
  readonly time: bigint;
  readonly order: number;
  readonly fire: () => void;
  /** Place in the heap, or -1 once it is out. */
  place: number;
}

/** Alarms by time; equal times in the order in which they were set. */
export class AlarmHeap {
  readonly #alarms: Alarm[] = [];
  #order = 0;

  get size(): number {
    return this.#alarms.length;
  }

  /** The next alarm, which stays. */
  get first(): Alarm | undefined {
    return this.#alarms[0];
  }

  add(time: bigint, fire: () => void): Alarm {
    const alarm: Alarm = { time, order: this.#order++, fire, place: this.#alarms.length };
    this.#alarms.push(alarm);
    this.#rise(alarm);
    return alarm;
  }

  /** Takes an alarm out; nothing where it is out already. */
  remove(alarm: Alarm): void {
    const { place } = alarm;
    if (place < 0) return;
    alarm.place = -1;
    const last = this.#alarms.pop() as Alarm;
    if (last === alarm) return;
    this.#put(last, place);
    this.#sink(last);
    this.#rise(last);
  }

  clear(): void {
    for (const alarm of this.#alarms) alarm.place = -1;
    this.#alarms.length = 0;
  }

  #put(alarm: Alarm, place: number): void {
    this.#alarms[place] = alarm;
    alarm.place = place;
  }

  #rise(alarm: Alarm): void {
    while (alarm.place > 0) {
      const { place } = alarm;
      const parent = this.#alarms[(place - 1) >> 1] as Alarm;
      if (!before(alarm, parent)) return;
      this.#put(alarm, parent.place);
      this.#put(parent, place);
    }
  }

  #sink(alarm: Alarm): void {
    for (;;) {
      const { place } = alarm;
      const left = this.#alarms[2 * place + 1];
      const right = this.#alarms[2 * place + 2];
      if (!left) return;
      const child = right && before(right, left) ? right : left;
      if (!before(child, alarm)) return;
      this.#put(alarm, child.place);
      this.#put(child, place);
    }
  }
}

function before(a: Alarm, b: Alarm): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order);
}
