package org.ltrplugin.engine;

import org.opensearch.ExceptionsHelper;
import org.opensearch.action.ActionRequestValidationException;
import org.opensearch.action.DocWriteRequest.OpType;
import org.opensearch.action.get.GetResponse;
import org.opensearch.action.index.IndexRequest;
import org.opensearch.action.index.IndexResponse;
import org.opensearch.core.ParseField;
import org.opensearch.core.action.ActionListener;
import org.opensearch.core.common.ParsingException;
import org.opensearch.core.xcontent.ObjectParser;
import org.opensearch.index.engine.VersionConflictEngineException;
import org.opensearch.rest.RestRequest;
import org.opensearch.rest.RestRequest.Method;
import org.opensearch.rest.action.RestStatusToXContentListener;
import org.opensearch.transport.client.node.NodeClient;

import java.io.IOException;
import java.util.List;
import java.util.function.BooleanSupplier;

/** Creates a model over a copy of a stored feature set. */
final class RestCreateModel extends LtrRestHandler {
    private static final long ANY_VERSION = -1;

    private final ElementStore elements;

    RestCreateModel(ElementStore elements, BooleanSupplier enabled) {
        super("create_model", enabled);
        this.elements = elements;
    }

    @Override
    public List<Route> routes() {
        return inEveryStore("/_featureset/{name}/_createmodel", Method.POST);
    }

    private static final class NamedRanker {
        private String name;
        private RankerDefinition definition;
    }

    private static final class Body {
        private NamedRanker model;
        private Validation validation;
    }

    private static final ObjectParser<NamedRanker, Void> MODEL =
            new ObjectParser<>("model", NamedRanker::new);
    private static final ObjectParser<Body, Void> PARSER =
            new ObjectParser<>("create_model", Body::new);

    static {
        MODEL.declareString((model, value) -> model.name = value, new ParseField("name"));
        MODEL.declareObject(
                (model, value) -> model.definition = value,
                (p, ignored) -> RankerDefinition.parse(p),
                new ParseField("model"));
        PARSER.declareObject((body, value) -> body.model = value, MODEL, new ParseField("model"));
        PARSER.declareObject(
                (body, value) -> body.validation = value,
                (p, ignored) -> Validation.parse(p),
                new ParseField("validation"));
    }

    @Override
    RestChannelConsumer prepare(RestRequest request, String index, NodeClient client)
            throws IOException {
        String setName = request.param("name");
        long version = request.paramAsLong("version", ANY_VERSION);
        if (request.hasParam("version") && version <= 0) {
            throw new IllegalArgumentException("[version] must be above 0, got [" + version + "]");
        }
        String routing = request.param("routing");
        Body body =
                body(
                        request,
                        parser -> {
                            Body read = PARSER.parse(parser, null);
                            if (read.model == null) {
                                throw new ParsingException(
                                        parser.getTokenLocation(), "Field [model] is mandatory");
                            }
                            return read;
                        });
        check(body.model);
        elements.requireStore(index);
        return channel -> {
            ActionListener<IndexResponse> created =
                    new RestStatusToXContentListener<>(channel, r -> r.getLocation(routing));
            ActionListener<IndexResponse> listener =
                    ActionListener.wrap(
                            created::onResponse,
                            failure -> {
                                if (ExceptionsHelper.unwrapCause(failure)
                                        instanceof VersionConflictEngineException) {
                                    refuseModelUpdate(channel);
                                } else {
                                    created.onFailure(failure);
                                }
                            });
            ActionListener<GetResponse> found =
                    ActionListener.wrap(
                            set ->
                                    fork(
                                            client,
                                            listener,
                                            () ->
                                                    create(
                                                            index,
                                                            model(
                                                                    set,
                                                                    setName,
                                                                    version,
                                                                    body.model),
                                                            body.validation,
                                                            routing,
                                                            client,
                                                            listener)),
                            listener::onFailure);
            elements.get(index, ElementType.FEATURESET, setName, routing, found);
        };
    }

    private static void check(NamedRanker model) {
        ActionRequestValidationException faults = new ActionRequestValidationException();
        if (model.name == null) {
            faults.addValidationError("the model has no [name]");
        }
        if (model.definition == null) {
            faults.addValidationError("the model has no [model]");
        }
        if (faults.validationErrors().isEmpty() == false) {
            throw faults;
        }
    }

    private static Model model(GetResponse set, String setName, long version, NamedRanker ranker)
            throws IOException {
        if (set.isExists() == false) {
            throw new IllegalArgumentException(
                    "Stored feature set [" + setName + "] does not exist");
        }
        if (version != ANY_VERSION && version != set.getVersion()) {
            throw new IllegalArgumentException(
                    "Stored feature set ["
                            + setName
                            + "] has version ["
                            + set.getVersion()
                            + "], but version ["
                            + version
                            + "] was asked for");
        }
        FeatureSet features =
                (FeatureSet) ElementStore.read(ElementType.FEATURESET, set.getSourceAsBytesRef());
        return new Model(ranker.name, features, ranker.definition);
    }

    private void create(
            String index,
            Model model,
            Validation validation,
            String routing,
            NodeClient client,
            ActionListener<IndexResponse> listener)
            throws IOException {
        IndexRequest write = ElementStore.write(index, model, routing).opType(OpType.CREATE);
        new ElementCheck(client)
                .check(
                        model,
                        validation,
                        ActionListener.wrap(
                                passed -> elements.put(write, model, listener),
                                listener::onFailure));
    }
}
