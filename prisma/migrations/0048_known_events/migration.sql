-- Whether an event was taken before: nine of ten deliveries in a storm are repeats, and are told so by this one question.
GRANT CREATE ON SCHEMA public TO curtain_lookup;
GRANT SELECT (id) ON stripe_event TO curtain_lookup;
CREATE POLICY lookup ON stripe_event FOR SELECT TO curtain_lookup USING (true);
CREATE FUNCTION lookup_event(event_id text) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT EXISTS (SELECT 1 FROM public.stripe_event e WHERE e.id = lookup_event.event_id) $$;
REVOKE ALL ON FUNCTION lookup_event(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lookup_event(text) TO curtain_app;
ALTER FUNCTION lookup_event(text) OWNER TO curtain_lookup;
REVOKE CREATE ON SCHEMA public FROM curtain_lookup;
