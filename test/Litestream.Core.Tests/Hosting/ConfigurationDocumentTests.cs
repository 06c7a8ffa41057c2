using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using Litestream.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Litestream.Hosting;

/// <summary>Holds docs/configuration.md to what the code does.</summary>
public sealed partial class ConfigurationDocumentTests
{
    private static readonly string Document = File.ReadAllText(Repository.Combine("docs", "configuration.md"));

    private static readonly Type[] Types = [typeof(LitestreamOptions), typeof(DatabaseOptions), typeof(ReplicaOptions)];

    public static TheoryData<Type> OptionTypes() => [.. Types];

    [Theory]
    [MemberData(nameof(OptionTypes))]
    public void Names_every_option(Type type)
    {
        Rows().Select(row => row.Name).Should().Contain(Options(type).Select(property => property.Name));
    }

    [Fact]
    public void Names_no_option_that_does_not_exist()
    {
        var options = Types.SelectMany(Options).Select(property => property.Name);

        Rows().Select(row => row.Name).Should().BeEquivalentTo(options);
    }

    [Theory]
    [MemberData(nameof(OptionTypes))]
    public void Names_the_default_of_every_option(Type type)
    {
        var defaults = Activator.CreateInstance(type);

        foreach (var property in Options(type))
        {
            var documented = Rows().Single(row => row.Name == property.Name).Default;
            switch (property.GetValue(defaults))
            {
                case TimeSpan duration:
                    DurationText.TryParse(documented, out var parsed, out _).Should().BeTrue(property.Name);
                    parsed.Should().Be(duration, property.Name);
                    break;
                case long size:
                    SizeText.TryParse(documented, out var bytes, out _).Should().BeTrue(property.Name);
                    bytes.Should().Be(size, property.Name);
                    break;
                case bool or int or Enum:
                    documented.Should().BeEquivalentTo(Convert.ToString(property.GetValue(defaults), CultureInfo.InvariantCulture), property.Name);
                    break;
                default:
                    documented.Should().BeOneOf("required", "none", "off", ".FILE-litestream-net` beside the database");
                    break;
            }
        }
    }

    [Theory]
    [MemberData(nameof(OptionTypes))]
    public void Every_option_can_be_configured(Type type)
    {
        const string App = "Litestream:Databases:app";
        using var setup = new OptionsSetup();
        var at = type == typeof(LitestreamOptions) ? "Litestream" : type == typeof(DatabaseOptions) ? App : $"{App}:Replicas:primary";

        var errors = Options(type).SelectMany(property => setup.BindErrorsBeside(($"{at}:{property.Name}:child", "x")));

        errors.Should().HaveCount(Options(type).Length).And.NotContain(error => error.Contains("unknown key", StringComparison.Ordinal));
    }

    [Fact]
    public void The_example_is_sound()
    {
        var json = Json().Match(Document).Groups[1].Value;
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(json));
        using var setup = new OptionsSetup();
        var section = new ConfigurationBuilder().AddJsonStream(stream).Build().GetSection("Litestream");

        var options = setup.Make(services => services.AddLitestream(section));

        options.Databases["app"].Replicas.Keys.Should().BeEquivalentTo("primary", "second");
    }

    [Fact]
    public void The_mistakes_are_reported_as_shown()
    {
        using var setup = new OptionsSetup();

        var errors = setup.BindErrors(
            ("Litestream:Databases:app:Path", "app.db"),
            ("Litestream:Databases:app:MonitorIntervall", "1s"),
            ("Litestream:Databases:app:Replicas:primary:Url", "s3://bucket/app"));

        errors.Should().HaveCount(2).And.AllSatisfy(error => Document.Should().Contain(error));
    }

    private static PropertyInfo[] Options(Type type) => type.GetProperties(BindingFlags.Public | BindingFlags.Instance);

    private static List<(string Name, string Default)> Rows() =>
        [.. Row().Matches(Document).Select(match => (match.Groups[1].Value, match.Groups[2].Value.Trim().Trim('`')))];

    [GeneratedRegex(@"^\| `(\w+)` \| ([^|]*) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"```json\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Json();
}
