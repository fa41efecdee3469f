package org.ltrplugin.engine;

import java.util.List;

/** The mean of ensembles, taken in double. */
record Forest(String name, List<TreeEnsemble> ensembles) implements Ranker {
    @Override
    public float missingValue() {
        return 0;
    }

    @Override
    public float score(float[] vector) {
        double sum = 0;
        for (TreeEnsemble ensemble : ensembles) {
            sum += ensemble.score(vector);
        }
        return (float) (sum / ensembles.size());
    }

    @Override
    public void score(float[][] vectors, int count, float[] scores) {
        double[] sums = new double[count];
        for (TreeEnsemble ensemble : ensembles) {
            ensemble.score(vectors, count, scores);
            for (int i = 0; i < count; i++) {
                sums[i] += scores[i];
            }
        }
        for (int i = 0; i < count; i++) {
            scores[i] = (float) (sums[i] / ensembles.size());
        }
    }

    @Override
    public long ramBytesUsed() {
        return ensembles.stream().mapToLong(Ranker::ramBytesUsed).sum();
    }
}
