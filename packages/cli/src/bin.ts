#!/usr/bin/env node
import { type Io, type Live, styleFor, wantsColour } from './io.js';
import { main } from './main.js';
import { readInput } from './read-input.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

// A reader that goes away (`| head`) is no error of ours: stop writing, say nothing.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
}

/** Both at a terminal: what is shown is seen, and what is typed is meant. */
const live: Live = {
  status: (text) => void process.stderr.write(text),
  keys: (listener) => {
    const { stdin } = process;
    stdin.setRawMode(true);
    stdin.on('data', listener).resume();
    return () => {
      stdin.off('data', listener).pause();
      stdin.setRawMode(false);
    };
  },
};

const io: Io = {
  out: (text) => void process.stdout.write(text),
  unread: () => process.stdout.writableLength,
  err: (text) => void process.stderr.write(text),
  style: styleFor(wantsColour({ isTTY: process.stdout.isTTY === true, env: process.env })),
  columns: process.stdout.columns ?? 100,
  stdin: () => readInput(),
  ...(process.stdin.isTTY && process.stdout.isTTY && process.stderr.isTTY && { live }),
  interrupted: (listener) => {
    for (const signal of SIGNALS) process.on(signal, listener);
    return () => {
      for (const signal of SIGNALS) process.off(signal, listener);
    };
  },
};

process.exitCode = await main(process.argv.slice(2), io);
