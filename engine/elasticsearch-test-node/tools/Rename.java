import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Writes the sources of an OpenSearch module in Elasticsearch's names.
 *
 * <p>Arguments: the folder of the sources, the folder to write anew, and files of rules. A rule is a line
 * {@code REGEX ==> REPLACEMENT}; it holds for the files of the section {@code [NAME NAME...]} that it stands in, or
 * for all. {@code omit NAME...} leaves files out, for which a class of the same name is written by hand. A rule that
 * changes nothing is an error, as then the sources have changed and it must be looked at; those in {@code names.txt}
 * are for all modules, and need not change something in each. {@code \n} in a replacement is a new line; lines that
 * begin with {@code #} are comments.
 */
public final class Rename {
    private record Rule(String line, List<String> files, Pattern from, String to, int[] uses) {
        boolean holdsFor(String file) {
            return files.isEmpty() || files.contains(file);
        }
    }

    private final List<Rule> rules = new ArrayList<>();
    private final List<String> omitted = new ArrayList<>();

    public static void main(String[] args) throws IOException {
        Rename rename = new Rename();
        for (int i = 2; i < args.length; i++) {
            rename.read(Path.of(args[i]));
        }
        rename.write(Path.of(args[0]), Path.of(args[1]));
    }

    private void read(Path file) throws IOException {
        boolean shared = file.getFileName().toString().equals("names.txt");
        List<String> section = List.of();
        for (String line : Files.readAllLines(file)) {
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            if (line.startsWith("[")) {
                section = List.of(line.substring(1, line.indexOf(']')).split(" "));
            } else if (line.startsWith("omit ")) {
                omitted.addAll(List.of(line.substring(5).split(" ")));
            } else {
                String[] sides = line.split(" ==> ?", 2);
                try {
                    rules.add(new Rule(file + ": " + line, section, Pattern.compile(sides[0], Pattern.DOTALL),
                        sides[1].replace("\\n", "\n"), new int[] {shared ? 1 : 0}));
                } catch (PatternSyntaxException | ArrayIndexOutOfBoundsException e) {
                    throw new IllegalArgumentException(file + ": " + line, e);
                }
            }
        }
    }

    private void write(Path from, Path to) throws IOException {
        delete(to);
        try (var files = Files.walk(from)) {
            files.filter(Files::isRegularFile).filter(file -> !file.startsWith(from.resolve("META-INF"))).forEach(file -> {
                try {
                    write(from, file, to);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
        List<String> unused = rules.stream().filter(rule -> rule.uses[0] == 0).map(Rule::line).toList();
        if (!unused.isEmpty()) {
            throw new IllegalStateException("rules that change nothing:\n" + String.join("\n", unused));
        }
    }

    private static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (var old = Files.walk(folder)) {
                for (Path path : old.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }

    private void write(Path from, Path file, Path to) throws IOException {
        String name = file.getFileName().toString();
        if (omitted.contains(name)) {
            return;
        }
        String folder = renamed("", from.relativize(file).getParent().toString().replace('/', '.') + ".");
        Path target = to.resolve(folder.replace('.', '/')).resolve(renamed("", name));
        Files.createDirectories(target.getParent());
        Files.writeString(target, renamed(name, Files.readString(file)));
    }

    private String renamed(String file, String text) {
        for (Rule rule : rules) {
            if (rule.holdsFor(file)) {
                Matcher matcher = rule.from.matcher(text);
                if (matcher.find()) {
                    rule.uses[0]++;
                    text = matcher.replaceAll(rule.to);
                }
            }
        }
        return text;
    }
}
