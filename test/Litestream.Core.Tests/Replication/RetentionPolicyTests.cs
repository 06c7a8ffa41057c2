using CsCheck;
using Litestream.Storage;

namespace Litestream.Replication;

/// <summary>What retention may delete, against the plainest idea of a restore, for every moment and after every single deletion.</summary>
public sealed class RetentionPolicyTests
{
    private const string Old = "aaaaaaaaaaaaaaaa";
    private const string Used = "bbbbbbbbbbbbbbbb";

    private static readonly DateTimeOffset Start = RetentionHistory.Start;
    private static readonly HashSet<string> None = [];

    private static Gen<(RetentionHistory History, DateTimeOffset CutOff)> Cases { get; } =
        Gen.Select(RetentionHistory.Gen, Gen.Int[0, 100]).Select((history, percent) =>
        {
            var end = history.Objects.Max(item => item.CreatedAt);
            return (history, Start + ((end - Start) * percent / 90));
        });

    [Fact]
    public void Every_moment_after_the_cut_off_restores_the_same_after_every_single_deletion() => Cases.Sample(
        scene =>
        {
            var (history, cutOff) = scene;
            var left = history.Objects.ToList();
            var moments = left.Select(item => item.CreatedAt).Where(time => time > cutOff)
                .SelectMany(time => new[] { time, time - TimeSpan.FromSeconds(1) })
                .Where(time => time >= cutOff)
                .Append(cutOff).Append(DateTimeOffset.MaxValue)
                .Distinct().ToList();
            var before = moments.Select(moment => RetentionHistory.RestoredAt(Ours(left), moment)).ToList();

            foreach (var key in Plan(history.Objects, history.InUse, cutOff).Steps.SelectMany(step => step))
            {
                left.RemoveAll(item => item.Key == key);
                for (var i = 0; i < moments.Count; i++)
                {
                    RetentionHistory.RestoredAt(Ours(left), moments[i]).Should().Be(before[i], $"{moments[i]:O} after {key}");
                }
            }
        },
        iter: 500);

    [Fact]
    public void However_a_run_is_interrupted_no_index_is_left_without_its_beginning() => Cases.Sample(
        scene =>
        {
            var (history, cutOff) = scene;
            var left = history.Objects.Select(item => item.Key).ToHashSet(StringComparer.Ordinal);
            var headed = Headed(left);

            foreach (var key in Plan(history.Objects, history.InUse, cutOff).Steps.SelectMany(step => step))
            {
                left.Remove(key);
                var now = Headed(left);
                now.Keys.Where(place => headed.GetValueOrDefault(place) && !now[place]).Should().BeEmpty(key);
            }
        },
        iter: 300);

    [Fact]
    public void An_interrupted_run_is_finished_by_the_next() => Gen.Select(Cases, Gen.Int[0, 50]).Sample(
        (scene, deletions) =>
        {
            var (history, cutOff) = scene;
            var first = Plan(history.Objects, history.InUse, cutOff);
            var whole = first.Steps.SelectMany(step => step).ToHashSet(StringComparer.Ordinal);
            var gone = first.Steps.SelectMany(step => step).Take(deletions).ToHashSet(StringComparer.Ordinal);
            var left = history.Objects.Where(item => !gone.Contains(item.Key)).ToList();

            var second = Plan(left, history.InUse, cutOff).Steps.SelectMany(step => step).ToHashSet(StringComparer.Ordinal);

            var stays = history.Objects.Where(item => !whole.Contains(item.Key)).Select(item => item.Key).Order(StringComparer.Ordinal);
            left.Where(item => !second.Contains(item.Key)).Select(item => item.Key).Order(StringComparer.Ordinal).Should().Equal(stays);
            Plan(left.Where(item => !second.Contains(item.Key)), history.InUse, cutOff).IsEmpty.Should().BeTrue();
        },
        iter: 500);

    [Fact]
    public void What_is_deleted_is_all_that_may_go() => Cases.Sample(
        scene =>
        {
            var (history, cutOff) = scene;
            var gone = Plan(history.Objects, history.InUse, cutOff).Steps.SelectMany(step => step).ToHashSet(StringComparer.Ordinal);
            var left = history.Objects.Where(item => !gone.Contains(item.Key)).DistinctBy(item => item.Key).ToList();

            foreach (var generation in Ours(left).GroupBy(item => item.Key.Split('/')[1]))
            {
                generation.Count(item => ReplicaLayout.TryParseSnapshot(item.Key, out _) && item.CreatedAt <= cutOff)
                    .Should().BeLessThanOrEqualTo(1, "one snapshot before the cut-off is enough");
            }
        },
        iter: 500);

    [Fact]
    public void The_next_time_is_the_first_at_which_anything_can_be_old_enough() => Cases.Sample(
        scene =>
        {
            var (history, cutOff) = scene;
            var gone = Plan(history.Objects, history.InUse, cutOff).Steps.SelectMany(step => step).ToHashSet(StringComparer.Ordinal);
            var left = history.Objects.Where(item => !gone.Contains(item.Key)).ToList();
            var next = RetentionPolicy.NextAfter(ReplicaInventory.Create(left), cutOff);

            foreach (var later in left.Select(item => item.CreatedAt).Where(time => time > cutOff && (next is null || time < next)))
            {
                Plan(left, history.InUse, later).IsEmpty.Should().BeTrue();
            }
        },
        iter: 500);

    [Fact]
    public void The_generation_in_use_is_never_deleted_however_old_it_is()
    {
        ReplicaObject[] objects = [Snapshot(Used, 3, 0), Segment(Used, 3, 0, 1), Snapshot(Old, 0, 5), Segment(Old, 0, 0, 6)];

        Plan(objects, Used, Start.AddYears(1)).Steps.SelectMany(step => step)
            .Should().Equal(Snapshot(Old, 0, 5).Key, Segment(Old, 0, 0, 6).Key);
    }

    [Fact]
    public void Nothing_goes_while_the_newest_snapshot_is_the_only_one()
    {
        ReplicaObject[] objects = [Snapshot(Used, 0, 0), Segment(Used, 0, 0, 1), Segment(Used, 0, 100, 2), Segment(Used, 1, 0, 3)];

        Plan(objects, Used, Start.AddYears(1)).IsEmpty.Should().BeTrue();
    }

    [Fact]
    public void A_superseded_generation_stays_while_the_gap_behind_it_is_within_the_retention()
    {
        ReplicaObject[] objects = [Snapshot(Old, 0, 0), Segment(Old, 0, 0, 1), Snapshot(Used, 0, 10), Segment(Used, 0, 0, 11)];

        Plan(objects, Used, Start.AddMinutes(9)).IsEmpty.Should().BeTrue("a moment in the gap is the old one's end");
        Plan(objects, Used, Start.AddMinutes(10)).Steps.SelectMany(step => step).Should().HaveCount(2);
    }

    [Fact]
    public void Snapshots_go_first_then_WAL_from_the_end_of_each_index()
    {
        ReplicaObject[] objects =
        [
            Snapshot(Used, 0, 0), Segment(Used, 0, 0, 1), Segment(Used, 0, 100, 2), Segment(Used, 0, 200, 3), Segment(Used, 1, 0, 4),
            Segment(Used, 1, 100, 5), Snapshot(Used, 1, 6), Segment(Used, 2, 0, 7), Snapshot(Used, 2, 8),
        ];

        var plan = Plan(objects, Used, Start.AddMinutes(8));

        plan.Steps.SelectMany(step => step).Should().Equal(
            Snapshot(Used, 0, 0).Key, Snapshot(Used, 1, 0).Key,
            Segment(Used, 0, 200, 0).Key, Segment(Used, 0, 100, 0).Key, Segment(Used, 1, 100, 0).Key,
            Segment(Used, 0, 0, 0).Key, Segment(Used, 1, 0, 0).Key);
        plan.ReliesOn.Should().ContainSingle().Which.Key.Should().Be(Snapshot(Used, 2, 0).Key);
        (plan.Snapshots, plan.Segments).Should().Be((2, 5));
    }

    [Fact]
    public void Nothing_relies_on_a_snapshot_that_is_unsound()
    {
        ReplicaObject[] objects =
        [
            Snapshot(Used, 0, 0), Segment(Used, 0, 0, 1), Segment(Used, 1, 0, 2), Snapshot(Used, 1, 3), Segment(Used, 2, 0, 4), Snapshot(Used, 2, 5),
        ];

        var plan = RetentionPolicy.Plan(
            ReplicaInventory.Create(objects), new HashSet<string> { Used }, Start.AddHours(1), new HashSet<string> { objects[5].Key });

        plan.ReliesOn.Should().ContainSingle().Which.Key.Should().Be(objects[3].Key);
        plan.Steps.SelectMany(step => step).Should().Equal(objects[0].Key, objects[1].Key);
    }

    [Fact]
    public void Snapshots_that_are_missing_from_an_old_generation_leave_nothing_worth_keeping()
    {
        ReplicaObject[] objects = [Segment(Old, 0, 0, 0), Segment(Old, 0, 100, 1), Snapshot(Used, 0, 10)];

        Plan(objects, Used, Start.AddMinutes(5)).Steps.SelectMany(step => step)
            .Should().Equal(Segment(Old, 0, 100, 0).Key, Segment(Old, 0, 0, 0).Key);
    }

    [Fact]
    public void No_step_has_more_keys_than_one_request_of_a_store_takes()
    {
        var objects = Enumerable.Range(0, 2500).Select(i => Segment(Used, i / 10, i % 10 * 100, i))
            .Prepend(Snapshot(Used, 0, -1)).Append(Snapshot(Used, 250, 2501)).Append(Segment(Used, 250, 0, 2500)).ToList();

        var steps = Plan(objects, Used, Start.AddYears(1)).Steps;

        steps.Should().HaveCount(5).And.OnlyContain(step => step.Count <= 1000);
        steps.Sum(step => step.Count).Should().Be(2501);
    }

    private static RetentionPlan Plan(IEnumerable<ReplicaObject> objects, string inUse, DateTimeOffset cutOff) =>
        RetentionPolicy.Plan(ReplicaInventory.Create(objects), new HashSet<string> { inUse }, cutOff, None);

    private static ReplicaObject Snapshot(string generation, int index, int minute) =>
        new(ReplicaLayout.SnapshotKey(generation, index), 10, Start.AddMinutes(minute));

    private static ReplicaObject Segment(string generation, int index, long offset, int minute) =>
        new(ReplicaLayout.SegmentKey(generation, index, offset), 10, Start.AddMinutes(minute));

    private static IEnumerable<ReplicaObject> Ours(IEnumerable<ReplicaObject> objects) => objects.Where(item =>
        ReplicaLayout.TryParseSnapshot(item.Key, out _) || ReplicaLayout.TryParseSegment(item.Key, out _));

    private static Dictionary<(string, int), bool> Headed(IEnumerable<string> keys)
    {
        var headed = new Dictionary<(string, int), bool>();
        foreach (var key in keys)
        {
            if (ReplicaLayout.TryParseSegment(key, out var name))
            {
                headed[(name.Generation, name.Index)] = headed.GetValueOrDefault((name.Generation, name.Index)) || name.Offset == 0;
            }
        }

        return headed;
    }
}
