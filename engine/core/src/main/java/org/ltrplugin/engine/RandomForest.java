package org.ltrplugin.engine;

import java.util.Arrays;
import java.util.List;
import org.apache.lucene.util.RamUsageEstimator;

/** RankLib's Random Forests: the mean of the scores of several ensembles, computed in double. */
record RandomForest(String name, TreeEnsemble[] ensembles) implements Ranker {
    static RandomForest of(String name, List<TreeEnsemble> ensembles) {
        return new RandomForest(name, ensembles.toArray(TreeEnsemble[]::new));
    }

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
        return (float) (sum / ensembles.length);
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
            scores[i] = (float) (sums[i] / ensembles.length);
        }
    }

    @Override
    public long ramBytesUsed() {
        return RamUsageEstimator.shallowSizeOf(this)
                + RamUsageEstimator.shallowSizeOf(ensembles)
                + Arrays.stream(ensembles).mapToLong(Ranker::ramBytesUsed).sum();
    }
}
