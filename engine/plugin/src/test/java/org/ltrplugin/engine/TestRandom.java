package org.ltrplugin.engine;

import java.util.Random;

/** Random numbers for tests. A run prints its seed, and {@code -Dtests.seed=SEED} repeats it. */
final class TestRandom {
    private static final long SEED = Long.getLong("tests.seed", System.nanoTime());

    static {
        System.out.println("tests.seed=" + SEED);
    }

    private TestRandom() {}

    /** A generator that starts at the seed of the run. */
    static Random create() {
        return new Random(SEED);
    }
}
