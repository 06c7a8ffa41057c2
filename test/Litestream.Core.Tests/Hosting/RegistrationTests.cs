using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Litestream.Hosting;

public sealed class RegistrationTests
{
    [Fact]
    public void A_second_call_adds_nothing()
    {
        var services = new ServiceCollection();
        services.AddLitestream();
        var before = services.ToList();

        services.AddLitestream();

        services.Should().Equal(before);
    }

    [Fact]
    public void The_hosted_service_is_the_first_of_all_and_the_only_one_of_ours()
    {
        var services = new ServiceCollection();
        services.AddHostedService<JournalingService>();

        services.AddLitestream();
        services.AddLitestream(_ => { });
        services.AddLitestream(OptionsSetup.Section());

        services.Where(service => service.ServiceType == typeof(IHostedService)).Select(service => service.ImplementationType)
            .Should().Equal(typeof(LitestreamHostedService), typeof(JournalingService));
    }

    [Fact]
    public void A_keyed_hosted_service_of_the_application_does_no_harm()
    {
        var services = new ServiceCollection();
        services.AddKeyedSingleton<IHostedService, JournalingService>("key");

        services.Invoking(s => s.AddLitestream().Services.AddLitestream()).Should().NotThrow();
    }

    [Fact]
    public void The_clock_of_the_application_is_kept()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(clock);

        services.AddLitestream();

        using var provider = services.BuildServiceProvider();
        provider.GetRequiredService<TimeProvider>().Should().BeSameAs(clock);
    }

    [Fact]
    public void The_builder_hands_on_the_services()
    {
        var services = new ServiceCollection();

        services.AddLitestream().Services.Should().BeSameAs(services);
    }

    [Fact]
    public void Null_is_refused()
    {
        var services = new ServiceCollection();

        services.Invoking(s => s.AddLitestream((Action<LitestreamOptions>)null!)).Should().Throw<ArgumentNullException>();
        services.Invoking(s => s.AddLitestream((Microsoft.Extensions.Configuration.IConfiguration)null!)).Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => ((IServiceCollection)null!).AddLitestream()).Should().Throw<ArgumentNullException>();
    }

    [Fact]
    public void Works_without_a_host_or_logging()
    {
        var services = new ServiceCollection();
        services.AddSingleton<IDatabaseEngineFactory>(new FakeDatabaseEngineFactory());
        services.AddSingleton<IReplicaClientFactory>(new FakeReplicaClientFactory("mem"));
        services.AddLitestream(options => options.AddDatabase("app.db", "mem://store/app"));
        using var provider = services.BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true });

        provider.GetRequiredService<ILitestream>().Databases.Should().ContainSingle()
            .Which.Path.Should().Be(Path.GetFullPath("app.db"));
    }
}
