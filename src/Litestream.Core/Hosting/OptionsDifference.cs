using System.Globalization;
using Litestream.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Litestream.Hosting;

/// <summary>
/// Takes over from new options what can be taken over, and says of everything else that it waits for the next start.
/// </summary>
/// <param name="current">What is in effect; changed.</param>
/// <param name="root">The path of the configuration's section.</param>
/// <param name="logger">Told of every change.</param>
internal sealed class OptionsDifference(LitestreamOptions current, string root, ILogger logger)
{
    /// <summary>Takes over what can be.</summary>
    /// <param name="next">Options that are sound.</param>
    /// <returns>The names of the databases something of which has changed.</returns>
    public IReadOnlyList<string> Apply(LitestreamOptions next)
    {
        Apply(OptionRules.ForHost, current, next, root);
        var changed = new List<string>();
        foreach (var (name, database) in InBoth(current.Databases, next.Databases, $"{root}:{nameof(LitestreamOptions.Databases)}"))
        {
            if (Apply(name, database, next.Databases[name]))
            {
                changed.Add(name);
            }
        }

        return changed;
    }

    private bool Apply(string name, DatabaseOptions database, DatabaseOptions next)
    {
        var at = $"{root}:{nameof(LitestreamOptions.Databases)}:{name}";
        var changed = Apply(OptionRules.ForDatabase, database, next, at);
        foreach (var (replica, its) in InBoth(database.Replicas, next.Replicas, $"{at}:{nameof(DatabaseOptions.Replicas)}"))
        {
            changed |= Apply(OptionRules.ForReplica, its, next.Replicas[replica], $"{at}:{nameof(DatabaseOptions.Replicas)}:{replica}");
        }

        return changed;
    }

    private bool Apply<T>(IReadOnlyList<OptionRule<T>> rules, T options, T next, string at)
    {
        var changed = false;
        foreach (var rule in rules)
        {
            var (before, now) = (rule.Read(options), rule.Read(next));
            if (Equals(before, now))
            {
                continue;
            }

            if (rule.IsLive)
            {
                rule.Copy(next, options);
                changed = true;
                Log.OptionChanged(logger, $"{at}:{rule.Name}", Words(now), Words(before));
            }
            else
            {
                // Its value is not said: a URL may hold a secret.
                Log.OptionNeedsRestart(logger, $"{at}:{rule.Name}");
            }
        }

        return changed;
    }

    private List<KeyValuePair<string, T>> InBoth<T>(IDictionary<string, T> now, IDictionary<string, T> next, string at)
    {
        foreach (var name in next.Keys.Except(now.Keys, StringComparer.Ordinal).Concat(now.Keys.Except(next.Keys, StringComparer.Ordinal)))
        {
            Log.OptionNeedsRestart(logger, $"{at}:{name}");
        }

        return [.. now.Where(pair => next.ContainsKey(pair.Key))];
    }

    private static string Words(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture) is { Length: > 0 } text ? text : "off";
}
