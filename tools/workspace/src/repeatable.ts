import fc from 'fast-check';

/** Property tests draw the same values in every run: a failure is repeated by running again. */
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 20_260_101 });
