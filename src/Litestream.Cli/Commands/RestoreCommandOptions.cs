using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Litestream.Cli.Commands;

/// <summary>The flags of <c>restore</c>.</summary>
internal sealed partial class RestoreCommandOptions
{
    private const int DefaultParallelism = 8;
    private const int MaxParallelism = 64;

    private readonly Option<string?> _output = CommonOptions.Text("o", "Where to put the database. Default: where the configuration has it.", "PATH");
    private readonly Option<string?> _generation = CommonOptions.Text("generation", "From this generation. Default: the one with the latest data.", "NAME");
    private readonly Option<string?> _index = CommonOptions.Text("index", "Up to the end of this WAL index, in hexadecimal (the listings print decimal).", "NUM");
    private readonly Option<string?> _timestamp = CommonOptions.Text("timestamp", "To the last commit at or before this time, such as 2000-01-01T00:00:00Z.", "TIMESTAMP");
    private readonly Option<string?> _parallelism = CommonOptions.Text("parallelism", "How many objects are downloaded at once. Default: 8", "NUM");

    private readonly Option<bool> _ifDbNotExists = CommonOptions.Flag("if-db-not-exists", "Exit code 0 if the database is there already.");
    private readonly Option<bool> _ifReplicaExists = CommonOptions.Flag("if-replica-exists", "Exit code 0 if the replica holds no backup.");
    private readonly Option<bool> _dryRun = CommonOptions.Flag("dry-run", "Say what would be restored, and write nothing.");
    private readonly Option<bool> _verbose = CommonOptions.Flag("v", "Say more of what happens.");

    public CommonOptions Common { get; } = new();

    public void AddTo(Command command)
    {
        command.Options.Add(_output);
        command.Options.Add(Common.Replica);
        command.Options.Add(_generation);
        command.Options.Add(_index);
        command.Options.Add(_timestamp);
        command.Options.Add(_parallelism);
        command.Options.Add(_ifDbNotExists);
        command.Options.Add(_ifReplicaExists);
        command.Options.Add(_dryRun);
        command.Options.Add(Common.Config);
        command.Options.Add(Common.NoExpandEnv);
        command.Options.Add(Common.Json);
        command.Options.Add(_verbose);
        command.Arguments.Add(Common.Target);
    }

    /// <exception cref="ToolException">A value makes no sense.</exception>
    public RestoreCommandRequest Read(ParseResult parsed)
    {
        var request = new RestoreCommandRequest
        {
            Target = Common.TargetOf(parsed),
            OutputPath = NullIfEmpty(parsed.GetValue(_output)),
            Generation = NullIfEmpty(parsed.GetValue(_generation)),
            Index = ReadIndex(NullIfEmpty(parsed.GetValue(_index))),
            Timestamp = ReadTimestamp(NullIfEmpty(parsed.GetValue(_timestamp))),
            Parallelism = ReadParallelism(NullIfEmpty(parsed.GetValue(_parallelism))),
            IfDbNotExists = parsed.GetValue(_ifDbNotExists),
            IfReplicaExists = parsed.GetValue(_ifReplicaExists),
            IsDryRun = parsed.GetValue(_dryRun),
            IsJson = parsed.GetValue(Common.Json),
            IsVerbose = parsed.GetValue(_verbose),
        };
        return request is { Index: not null, Timestamp: not null }
            ? throw new ToolException("cannot specify index & timestamp to restore", "leave out one of them")
            : request;
    }

    private static int? ReadIndex(string? text) =>
        text is null ? null
        : int.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var index) && index >= 0 ? index
        : throw new ToolException(
            $"invalid value \"{text}\" for flag -index: invalid hexadecimal format",
            "write the index as hexadecimal digits without 0x, up to 7fffffff; the listings print it in decimal");

    private static int ReadParallelism(string? text) =>
        text is null ? DefaultParallelism
        : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? Math.Clamp(number, 1, MaxParallelism)
        : throw new ToolException($"invalid value \"{text}\" for flag -parallelism: parse error", $"give a number up to {MaxParallelism}");

    private static DateTimeOffset? ReadTimestamp(string? text)
    {
        if (text is null)
        {
            return null;
        }

        // RFC 3339. A DateTime has no room for more than seven digits of a second.
        var match = Rfc3339().Match(text);
        return match.Success
            && DateTimeOffset.TryParse($"{match.Groups["second"]}{match.Groups["fraction"]}{match.Groups["zone"]}", CultureInfo.InvariantCulture, out var time)
            ? time
            : throw new ToolException(
                "invalid -timestamp, must specify in ISO 8601 format (e.g. 2000-01-01T00:00:00Z)",
                "give date, time and zone: 2026-01-31T12:00:00Z, or with +01:00 instead of Z");
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    [GeneratedRegex(@"^(?<second>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?<fraction>\.\d{1,7})?\d*(?<zone>Z|[+-]\d\d:\d\d)$", RegexOptions.CultureInvariant)]
    private static partial Regex Rfc3339();
}
