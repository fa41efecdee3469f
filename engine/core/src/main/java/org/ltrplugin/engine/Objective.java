package org.ltrplugin.engine;

/** The XGBoost objective, as far as it changes the sum of the leaves. */
enum Objective {
    RAW,
    LOGISTIC;

    float apply(float sum) {
        return this == RAW ? sum : (float) (1 / (1 + Math.exp(-(double) sum)));
    }

    /**
     * The objective with this XGBoost name.
     *
     * @throws IllegalArgumentException for names that the OpenSearch Learning to Rank plugin does not support
     */
    static Objective fromXGBoost(String name) {
        return switch (name) {
            case "rank:pairwise", "rank:ndcg", "rank:map", "binary:logitraw", "reg:linear" -> RAW;
            case "binary:logistic", "reg:logistic" -> LOGISTIC;
            default ->
                throw new IllegalArgumentException(
                        "unsupported objective [" + name + "]; for raw scores send [reg:linear]");
        };
    }
}
