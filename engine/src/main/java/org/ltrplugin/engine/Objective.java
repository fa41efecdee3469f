package org.ltrplugin.engine;

/** What becomes of the sum of the leaves. */
enum Objective {
    RAW,
    LOGISTIC;

    float apply(float sum) {
        return this == RAW ? sum : (float) (1 / (1 + Math.exp(-(double) sum)));
    }

    /** Throws IllegalArgumentException for a name that the original does not know either. */
    static Objective ofXGBoost(String name) {
        return switch (name) {
            case "rank:pairwise", "rank:ndcg", "rank:map", "binary:logitraw", "reg:linear" -> RAW;
            case "binary:logistic", "reg:logistic" -> LOGISTIC;
            default ->
                throw new IllegalArgumentException(
                        "unsupported objective [" + name + "]; for raw scores send [reg:linear]");
        };
    }
}
