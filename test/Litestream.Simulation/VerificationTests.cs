namespace Litestream.Simulation;

/// <summary>A verification finds what somebody has done to a replica behind the engine's back.</summary>
public sealed class VerificationTests
{
    [Fact]
    public void A_changed_byte_of_any_object_is_found_and_a_replica_nobody_touched_is_sound()
    {
        var found = new List<string?>();
        Exception? violation = null;
        var thread = new Thread(() =>
        {
            // How many objects there are depends on what the application happens to do.
            var objects = 1;
            for (var number = -1; number < objects && violation is null; number++)
            {
                using var world = new World(1, Swarm.Still with { Tampering = true });
                world.Check(() => found.Add(Verify(world, number, out objects)));
                violation = world.Violation;
            }
        });

        thread.Start();
        thread.Join();

        violation.Should().BeNull();
        found.Should().HaveCountGreaterThan(2, "there is a snapshot, and at least a segment");
        found[0].Should().BeNull("nobody has touched it");
        found.Skip(1).Should().NotContainNulls();
    }

    /// <summary>What a verification says once a byte in the middle of an object is another one.</summary>
    /// <param name="world">The world.</param>
    /// <param name="number">Which object; negative for none.</param>
    /// <param name="objects">How many objects there were.</param>
    private static string? Verify(World world, int number, out int objects)
    {
        var site = world.Found();
        Operation.All.Single(operation => operation.Name == "sync").Prepare(world, site);
        world.Capture(site);
        site.Engine!.Work(0);
        var replica = world.Replicas[0];
        objects = replica.Objects.Keys.Count;
        if (number >= 0)
        {
            var key = replica.Objects.Keys[number];
            var content = replica.Objects[key];
            content[content.Length / 2] ^= 1;
            (replica.Objects[key], replica.IsTampered) = (content, true);
        }

        var verified = site.Engine.Verify(0, replica.Objects) ?? throw new SimulationException("It could not be verified.");
        new RestoreCheck(world).DemandAgrees(replica, verified, site.Expect(verified.Position));
        return verified.Difference;
    }
}
