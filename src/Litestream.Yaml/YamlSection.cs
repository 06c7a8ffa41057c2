using Litestream.Hosting;
using YamlDotNet.RepresentationModel;

namespace Litestream.Yaml;

/// <summary>A mapping of the file, read key by key. An unknown key is a warning: Litestream ignores it without a word.</summary>
internal readonly struct YamlSection(string name, YamlNode node, YamlReport report)
{
    // YAML 1.1: the keys of another mapping, where this one does not have them.
    private const string Merge = "<<";

    public long Line => node.Start.Line;

    public void Read<T>(T target, IReadOnlyDictionary<string, Action<T, YamlValue>> keys)
    {
        if (new YamlValue(name, node, report).IsNothing)
        {
            return;
        }

        if (node is not YamlMappingNode mapping)
        {
            report.Fail(Line, $"{(name.Length == 0 ? "the file" : name)} is made of keys and values, such as 'path: /var/lib/app.db'");
            return;
        }

        foreach (var (keyNode, value) in Merged(mapping))
        {
            var key = (keyNode as YamlScalarNode)?.Value ?? "";
            if (keys.TryGetValue(key, out var set))
            {
                set(target, new YamlValue(key, value, report));
                continue;
            }

            var hint = KeySuggestion.For(key, keys.Keys) is { } near
                ? $"did you mean '{near}'?"
                : $"known here: {string.Join(", ", keys.Keys.Order(StringComparer.Ordinal))}";
            report.Warn(keyNode.Start.Line, $"the key '{key}' is unknown and ignored; {hint}");
        }
    }

    private static IEnumerable<KeyValuePair<YamlNode, YamlNode>> Merged(YamlMappingNode mapping)
    {
        var own = mapping.Children.Where(pair => !IsMerge(pair.Key)).ToList();
        var seen = own.Select(pair => (pair.Key as YamlScalarNode)?.Value).ToHashSet(StringComparer.Ordinal);
        var merged = mapping.Children.Where(pair => IsMerge(pair.Key))
            .SelectMany(pair => pair.Value is YamlSequenceNode list ? list.Children : [pair.Value])
            .OfType<YamlMappingNode>()
            .SelectMany(Merged)
            .Where(pair => seen.Add((pair.Key as YamlScalarNode)?.Value));
        return [.. merged, .. own];
    }

    private static bool IsMerge(YamlNode key) => key is YamlScalarNode { Value: Merge };
}
