using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Litestream.S3;
using Litestream.Testing;

namespace Litestream.Docs;

/// <summary>
/// Every option of every package is told of, and the defaults in the tables are the real ones. Those that can be configured
/// are held to docs/configuration.md by ConfigurationDocumentTests.
/// </summary>
public sealed partial class OptionDocumentationTests
{
    public static TheoryData<Type> OptionTypes() =>
        [.. new[] { typeof(LitestreamOptions), typeof(S3ReplicaOptions), typeof(RequireReplicationOptions), typeof(LitestreamSqliteOptions) }
            .Select(type => type.Assembly)
            .SelectMany(assembly => assembly.GetExportedTypes())
            .Where(type => type.Name.EndsWith("Options", StringComparison.Ordinal) && type.GetConstructor([]) is not null)];

    public static TheoryData<Type, string> Tables() => new()
    {
        { typeof(S3ReplicaOptions), "stores.md" },
        { typeof(RequireReplicationOptions), "aspnetcore.md" },
        { typeof(LitestreamSqliteOptions), "efcore.md" },
        { typeof(LitestreamHealthCheckOptions), "telemetry.md" },
        { typeof(InPlaceRestoreOptions), "restore.md" },
    };

    [Theory]
    [MemberData(nameof(OptionTypes))]
    public void Every_option_is_told_of(Type type)
    {
        var documents = string.Join('\n', Directory.EnumerateFiles(Repository.Combine("docs"), "*.md").Select(File.ReadAllText));

        var missing = Properties(type).Select(property => property.Name)
            .Where(name => !Regex.IsMatch(documents, $@"`([^`\n]*\W)?{name}\b[^`\n]*`"));

        missing.Should().BeEmpty();
    }

    [Theory]
    [MemberData(nameof(Tables))]
    public void The_defaults_in_a_table_are_the_real_ones(Type type, string document)
    {
        var rows = Row().Matches(File.ReadAllText(Repository.Combine("docs", document)))
            .SelectMany(match => Name().Matches(match.Groups["names"].Value).Select(name => (Name: name.Groups[1].Value, Default: match.Groups["default"].Value.Trim())))
            .ToLookup(row => row.Name, row => row.Default);
        var options = Activator.CreateInstance(type)!;

        foreach (var property in Properties(type))
        {
            rows[property.Name].Should().ContainSingle("{0} has a row", property.Name)
                .Which.Should().Match(documented => IsSaid(property.GetValue(options), documented), "the default of {0} is {1}", property.Name, property.GetValue(options));
        }
    }

    /// <summary>Where the default is nothing, the table says in words what happens then.</summary>
    private static bool IsSaid(object? value, string documented) => value switch
    {
        TimeSpan duration => Duration(documented) == duration,
        long size => documented.Trim('`') == string.Create(CultureInfo.InvariantCulture, $"{size >> 20}MiB"),
        bool flag => documented.Trim('`') == (flag ? "true" : "false"),
        int or Enum or string => documented.Trim('`') == Convert.ToString(value, CultureInfo.InvariantCulture),
        ICollection { Count: 0 } or IList<string> { Count: 0 } or RestoreOptions or null => documented.Length > 0,
        _ => false,
    };

    private static TimeSpan? Duration(string documented)
    {
        var match = Time().Match(documented.Trim('`'));
        var number = match.Success ? double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : 0;
        return match.Groups[2].Value switch
        {
            "ms" => TimeSpan.FromMilliseconds(number),
            "s" => TimeSpan.FromSeconds(number),
            "min" or "m" => TimeSpan.FromMinutes(number),
            "h" => TimeSpan.FromHours(number),
            _ => null,
        };
    }

    private static PropertyInfo[] Properties(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly);

    [GeneratedRegex(@"^\| (?<names>`\w+`(, `\w+`)*) \| (?<default>[^|]*)\|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"`(\w+)`")]
    private static partial Regex Name();

    [GeneratedRegex(@"^([0-9.]+) ?(ms|s|min|m|h)$")]
    private static partial Regex Time();
}
