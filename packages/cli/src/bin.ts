#!/usr/bin/env node
import { type Io, styleFor, wantsColour } from './io.js';
import { main } from './main.js';
import { readInput } from './read-input.js';

// A reader that goes away (`| head`) is no error of ours: stop writing, say nothing.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
}

const io: Io = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  style: styleFor(wantsColour({ isTTY: process.stdout.isTTY === true, env: process.env })),
  columns: process.stdout.columns ?? 100,
  stdin: () => readInput(),
};

process.exitCode = await main(process.argv.slice(2), io);
