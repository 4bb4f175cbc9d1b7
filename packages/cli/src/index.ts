export { type Arguments, type Command, CommandError, EXIT, type Options, UsageError } from './command.js';
export { type CommandEntry, commands } from './commands.js';
export { type Colour, complain, type Io, type Live, type Style, styleFor, type Terminal, wantsColour } from './io.js';
export { main } from './main.js';
