using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Litestream.Hosting;

/// <summary>A canary stands where people put secrets; it must not come out of the log or of an exception.</summary>
public sealed class SecretsTests : IDisposable
{
    private const string Canary = "c4n4ry";

    private readonly TestApplication _application = new();

    public void Dispose() => _application.Dispose();

    [Fact]
    public async Task No_secret_of_a_url_is_logged()
    {
        using var host = _application.Build(options => options.Databases["a"].Replicas["second"] =
            new ReplicaOptions { Url = $"mem://user:{Canary}@store/second?key={Canary}#{Canary}" });

        await host.StartAsync();
        await host.StopAsync();

        _application.Logged("ReplicaStarted").Should().HaveCount(3);
        _application.Messages.Should().Contain(message => message.Contains("mem://store/second", StringComparison.Ordinal));
        _application.Logs.GetSnapshot().SelectMany(record => record.StructuredState!.Select(pair => pair.Value).Append(record.Message))
            .Should().NotContain(text => text != null && text.Contains(Canary, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData($"Data Source=app.db;Password={Canary}")]
    [InlineData($"file:app.db?key={Canary}")]
    public async Task No_secret_of_a_path_is_in_the_exception(string path)
    {
        using var host = _application.Build(options => options.Databases["a"].Path = path);

        (await FailureOf(host)).Should().NotContain(Canary);
    }

    [Theory]
    [InlineData($"s3://user:{Canary}@bucket")]
    [InlineData($"ftp://user:{Canary}@host")]
    [InlineData($"sftp://user:{Canary}@host")]
    [InlineData($"{Canary}@host/secret://host")]
    [InlineData($"AccountName=a;AccountKey={Canary}")]
    [InlineData($"s3:user:{Canary}@bucket")]
    [InlineData($"mem://user:{Canary}@store/b?key={Canary}", "mem://store/b", $"mem://user:{Canary}@store/b?key={Canary}")]
    public async Task No_secret_of_a_url_is_in_the_exception(params string[] urls)
    {
        using var host = _application.Build(options =>
        {
            for (var i = 0; i < urls.Length; i++)
            {
                options.Databases["a"].Replicas[$"r{i}"] = new ReplicaOptions { Url = urls[i] };
            }
        });

        (await FailureOf(host)).Should().NotContain(Canary);
    }

    private static async Task<string> FailureOf(IHost host) =>
        (await host.Invoking(h => h.StartAsync()).Should().ThrowAsync<OptionsValidationException>()).Which.ToString();
}
