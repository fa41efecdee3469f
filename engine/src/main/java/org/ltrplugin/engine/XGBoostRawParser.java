package org.ltrplugin.engine;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.opensearch.core.common.ParsingException;
import org.opensearch.core.xcontent.XContentParser;
import org.opensearch.core.xcontent.XContentParser.Token;

/**
 * {@code model/xgboost+json+raw}: the text of XGBoost's {@code save_model("x.json")}, of which much is not needed and
 * passed over. Leaves are taken from {@code split_conditions}, where XGBoost itself reads them.
 */
final class XGBoostRawParser implements RankerParser {
    @Override
    public Ranker parse(JsonText definition, Map<String, Integer> ordinals) throws IOException {
        try (XContentParser parser = definition.parser()) {
            parser.nextToken();
            return new Reading(parser).ensemble(ordinals);
        }
    }

    /** A tree has so many arrays that are read. */
    private static final int ARRAYS = 6;

    private interface Step {
        void run() throws IOException;
    }

    private interface Field {
        void read(String name) throws IOException;
    }

    private static final class Reading {
        private final XContentParser parser;
        private final List<String> names = new ArrayList<>();
        private final List<String> types = new ArrayList<>();
        private final List<RawTree> trees = new ArrayList<>();
        private Objective objective;
        private boolean missingAsZero;
        private int items;

        Reading(XContentParser parser) {
            this.parser = parser;
        }

        TreeEnsemble ensemble(Map<String, Integer> ordinals) throws IOException {
            fields(field -> {
                switch (field) {
                    case "learner" -> fields(this::readLearner);
                    case "missing_as_zero" -> missingAsZero = parser.booleanValue();
                    default -> parser.skipChildren();
                }
            });
            if (objective == null || trees.isEmpty() || names.isEmpty()) {
                throw new IllegalArgumentException("a saved XGBoost model needs learner.objective.name,"
                        + " learner.gradient_booster.model.trees and learner.feature_names (train with feature_names"
                        + " and feature_types)");
            }
            if (types.size() != names.size() || types.stream().allMatch("float"::equals) == false) {
                throw new IllegalArgumentException(
                        "learner.feature_types must be [float] for each of learner.feature_names");
            }
            int[] features = names.stream()
                    .mapToInt(name -> RankerParser.ordinal(ordinals, name))
                    .toArray();
            TreeBuilder builder = new TreeBuilder();
            trees.forEach(tree -> tree.addTo(builder, features));
            return builder.build(TreeEnsemble.XGBOOST_NAME, objective, missingAsZero ? 0 : Float.NaN);
        }

        private void readLearner(String field) throws IOException {
            switch (field) {
                case "feature_names" -> items(() -> names.add(parser.text()));
                case "feature_types" -> items(() -> types.add(parser.text()));
                case "objective" -> only("name", () -> objective = Objective.ofXGBoost(parser.text()));
                case "gradient_booster" -> fields(this::readBooster);
                default -> parser.skipChildren();
            }
        }

        private void readBooster(String field) throws IOException {
            if (field.equals("model")) {
                only("trees", () -> items(() -> trees.add(readTree())));
            } else if (field.equals("name") && parser.text().equals("gbtree") == false) {
                throw fault("unsupported booster [" + parser.text() + "], only [gbtree] can be read");
            } else {
                parser.skipChildren();
            }
        }

        private RawTree readTree() throws IOException {
            RawTree tree = new RawTree(trees.size());
            fields(field -> {
                switch (field) {
                    case "left_children" -> tree.yes = ints();
                    case "right_children" -> tree.no = ints();
                    case "split_indices" -> tree.features = ints();
                    case "default_left" -> tree.missingGoesToYes = ints();
                    case "split_type" -> tree.types = ints();
                    case "split_conditions" -> tree.values = floats();
                    default -> parser.skipChildren();
                }
            });
            return tree;
        }

        private int[] ints() throws IOException {
            IntStream.Builder read = IntStream.builder();
            items(() -> read.add(parser.intValue()));
            return read.build().toArray();
        }

        private double[] floats() throws IOException {
            DoubleStream.Builder read = DoubleStream.builder();
            items(() -> read.add(RankerParser.finite(parser, "a split condition")));
            return read.build().toArray();
        }

        /** Reads one field of the object the parser stands on, and passes over the others. */
        private void only(String name, Step step) throws IOException {
            fields(field -> {
                if (field.equals(name)) {
                    step.run();
                } else {
                    parser.skipChildren();
                }
            });
        }

        private void fields(Field field) throws IOException {
            expect(Token.START_OBJECT);
            while (parser.nextToken() == Token.FIELD_NAME) {
                String name = parser.currentName();
                parser.nextToken();
                field.read(name);
            }
        }

        private void items(Step item) throws IOException {
            expect(Token.START_ARRAY);
            while (parser.nextToken() != Token.END_ARRAY) {
                Limits.checkTreeNodes(++items / ARRAYS);
                item.run();
            }
        }

        private void expect(Token token) throws IOException {
            if (parser.currentToken() != token) {
                throw fault("[" + parser.currentName() + "] must be a " + token + " but is a " + parser.currentToken());
            }
        }

        private ParsingException fault(String message) {
            return new ParsingException(parser.getTokenLocation(), message);
        }
    }

    /** The arrays of one tree, by node; null where not given. */
    private static final class RawTree {
        private final int number;
        private int[] yes;
        private int[] no;
        private int[] features;
        private int[] missingGoesToYes;
        private int[] types = new int[0];
        private double[] values;

        RawTree(int number) {
            this.number = number;
        }

        private record Place(int node, int laidOutAt, int depth) {}

        /** Follows the children from the root. Nodes that are not reached have been pruned. */
        void addTo(TreeBuilder builder, int[] ordinals) {
            check(
                    yes != null
                            && no != null
                            && features != null
                            && missingGoesToYes != null
                            && values != null
                            && yes.length == no.length
                            && yes.length == features.length
                            && yes.length == missingGoesToYes.length
                            && yes.length == values.length
                            && yes.length > 0,
                    "needs left_children, right_children, split_indices, split_conditions and default_left, all as"
                            + " long");
            boolean[] reached = new boolean[yes.length];
            ArrayDeque<Place> open = new ArrayDeque<>();
            open.push(new Place(0, builder.addTree(), 0));
            while (open.isEmpty() == false) {
                Place at = open.pop();
                int node = at.node;
                check(node >= 0 && node < yes.length, "has a child [" + node + "] that is not there");
                check(reached[node] == false, "reaches node [" + node + "] twice");
                reached[node] = true;
                Limits.checkTreeDepth(at.depth);
                if (yes[node] == -1 || no[node] == -1) {
                    builder.setLeaf(at.laidOutAt, values[node]);
                    continue;
                }
                int feature = features[node];
                check(
                        feature >= 0 && feature < ordinals.length,
                        "splits by feature [" + feature + "] that has no name");
                check(node >= types.length || types[node] == 0, "has a categorical split, which is not supported");
                int children = builder.addChildren();
                builder.setSplit(
                        at.laidOutAt, ordinals[feature], (float) values[node], children, missingGoesToYes[node] == 1);
                open.push(new Place(no[node], TreeBuilder.noChild(children), at.depth + 1));
                open.push(new Place(yes[node], children, at.depth + 1));
            }
        }

        private void check(boolean sound, String otherwise) {
            if (sound == false) {
                throw new IllegalArgumentException("tree [" + number + "] " + otherwise);
            }
        }
    }
}
